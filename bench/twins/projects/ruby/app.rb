# A small web service that reads XML; for measuring smaller images.
require "nokogiri"
require "webrick"

server = WEBrick::HTTPServer.new(BindAddress: "127.0.0.1", Port: 4567)
server.mount_proc("/") do |_request, reply|
  reply.body = Nokogiri::XML("<answer>42</answer>").root.text
end
server.start

# Ends well where the service answers as it should.
require "net/http"
exit(Net::HTTP.get(URI("http://127.0.0.1:4567/")) == "42")

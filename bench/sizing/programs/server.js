// A web server whose heap grows with the memory it finds.
const http = require("http");
let served = 0;
http
  .createServer((request, response) => {
    served += 1;
    const rows = Array.from({ length: 3000 }, (_, id) => ({ id, text: `row ${id} of ${served}` }));
    const body = JSON.stringify(rows);
    response.setHeader("Content-Length", Buffer.byteLength(body));
    response.end(body);
  })
  .listen(8000, "127.0.0.1");

// Ends well where the service answers as it should.
const http = require("http");

http
  .get("http://127.0.0.1:3000/", (reply) => {
    let text = "";
    reply.on("data", (piece) => (text += piece));
    reply.on("end", () => process.exit(JSON.parse(text).mode === "production" ? 0 : 1));
  })
  .on("error", () => process.exit(1));

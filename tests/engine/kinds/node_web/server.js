// A small web service; for tests of smaller images.
const express = require("express");

const application = express();
application.get("/", (request, reply) => reply.json({ mode: process.env.NODE_ENV }));
application.listen(3000, "127.0.0.1");

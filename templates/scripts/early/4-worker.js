/* Runs the search's program when the search is opened, and from a disk in a hidden frame.

   Browsers start no Worker for a file on a disk. A frame of the same page may load the file as a
   script, so we give it what a Worker has: postMessage, importScripts and message events. */
(function () {
  "use strict";

  const PROGRAM = /\/workers\/search\.[^/]*$/;
  const Worker = window.Worker;

  /** Loads one script into the frame; the promise ends when it ran. */
  function load(inside, address) {
    return new Promise((resolve, reject) => {
      const script = inside.document.createElement("script");
      script.src = address;
      script.onload = resolve;
      script.onerror = () => reject(new Error("The search could not be loaded from " + address));
      inside.document.head.append(script);
    });
  }

  /** What a Worker is to the page, made of a frame. */
  class FrameWorker {
    constructor(address) {
      this.frame = document.createElement("iframe");
      this.frame.hidden = true;
      this.frame.srcdoc = "<!doctype html><title>Search</title>";
      this.ready = new Promise((resolve) => this.frame.addEventListener("load", resolve))
        .then(() => this.prepare(this.frame.contentWindow, address));
      document.body.append(this.frame);
    }

    prepare(inside, address) {
      // Each side gets a copy, as from a Worker: what one of them changes is its own.
      inside.postMessage = (message) => {
        const data = structuredClone(message);
        setTimeout(() => this.onmessage({ data }), 0);
      };
      inside.importScripts = (...addresses) =>
        addresses.reduce((before, each) => before.then(() => load(inside, each)), Promise.resolve());
      return load(inside, address).then(() => inside);
    }

    postMessage(message) {
      const data = structuredClone(message);
      this.ready
        .then((inside) => inside.dispatchEvent(new inside.MessageEvent("message", { data })))
        .catch((error) => this.onerror(new ErrorEvent("error", { error, message: error.message })));
    }

    terminate() {
      this.frame.remove();
    }
  }

  /** Keeps what is said to it until the search is opened, and starts the true one then. */
  class LateWorker extends EventTarget {
    constructor(address) {
      super();
      this.said = [];
      window.hcreportSearch.whenOpened(() => this.start(new URL(address, document.baseURI).href));
    }

    start(address) {
      if (this.said === null) {
        return;
      }
      this.worker = location.protocol === "file:" ? new FrameWorker(address) : new Worker(address);
      this.worker.onmessage = ({ data }) => this.tell(new MessageEvent("message", { data }));
      this.worker.onerror = ({ message, error }) =>
        this.tell(new ErrorEvent("error", { cancelable: true, error, message }));
      this.said.forEach((data) => this.worker.postMessage(data));
    }

    postMessage(data) {
      if (this.worker) {
        this.worker.postMessage(data);
      } else if (this.said) {
        this.said.push(data);
      }
    }

    tell(event) {
      const handler = this["on" + event.type];
      if (typeof handler === "function") {
        handler.call(this, event);
      }
      this.dispatchEvent(event);
    }

    terminate() {
      this.said = null;
      if (this.worker) {
        this.worker.terminate();
      }
    }
  }

  // The theme's program looks for this name to find its parts beside it.
  if (location.protocol === "file:") {
    window.IFrameWorker = FrameWorker;
  }

  window.Worker = function (address, options) {
    return PROGRAM.test(address) ? new LateWorker(address) : new Worker(address, options);
  };
  window.Worker.prototype = Worker.prototype;
})();

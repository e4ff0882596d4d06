/* Holds the request for the search index back until the search is opened; all others pass. */
(function () {
  "use strict";

  const INDEX = /\/search(\/search_index)?\.json$/;
  const requests = XMLHttpRequest.prototype;
  const { open, send } = requests;
  let index = null;

  requests.open = function (method, address) {
    if (INDEX.test(String(address).split(/[?#]/)[0])) {
      index = this;
    }
    return open.apply(this, arguments);
  };

  requests.send = function (...body) {
    if (this !== index) {
      return send.apply(this, body);
    }
    // There is one index, so everything is as before from here on.
    Object.assign(requests, { open, send });
    return window.hcreportSearch.whenOpened(() => send.apply(this, body));
  };
})();

/* Keeps the checklist's ticks in this browser, says how many there are, clears them and prints. */
(function () {
  "use strict";

  var panel = document.querySelector(".hc-progress");
  if (!panel) {
    return;
  }
  var boxes = Array.prototype.slice.call(document.querySelectorAll("[data-hc-step]"));
  var status = panel.querySelector("[role=status]");
  var clear = panel.querySelector("[data-hc-clear]");
  var clearLabel = clear.textContent;
  var prefix = "hcreport:" + panel.dataset.hcProject + ":step:";
  var cleared = [];

  /* Storage may be forbidden or full: then the page says so, and goes on without it. */
  function attempt(action) {
    try {
      return action(window.localStorage);
    } catch (error) {
      panel.classList.add("hc-forgets");
      return undefined;
    }
  }

  function keep(box) {
    attempt(function (storage) {
      if (box.checked) {
        storage.setItem(prefix + box.dataset.hcStep, "done");
      } else {
        storage.removeItem(prefix + box.dataset.hcStep);
      }
    });
  }

  function say() {
    var done = boxes.filter(function (box) { return box.checked; }).length;
    var text = status.dataset.hcSaid.replace("{done}", done).replace("{all}", boxes.length);
    if (status.textContent !== text) {
      status.textContent = text;
    }
    clear.disabled = !done && !cleared.length;
    clear.textContent = cleared.length ? clear.dataset.hcBack : clearLabel;
  }

  function read() {
    attempt(function (storage) {
      boxes.forEach(function (box) {
        box.checked = storage.getItem(prefix + box.dataset.hcStep) === "done";
      });
    });
    say();
  }

  /* Also ticks of steps that an earlier report had. */
  function forget() {
    attempt(function (storage) {
      Object.keys(storage).forEach(function (key) {
        if (key.indexOf(prefix) === 0) {
          storage.removeItem(key);
        }
      });
    });
  }

  /* The first press clears; the second puts back what it cleared, until something is ticked. */
  function clearOrPutBack() {
    var before = cleared;
    cleared = before.length ? [] : boxes.filter(function (box) { return box.checked; });
    cleared.forEach(function (box) { box.checked = false; });
    forget();
    before.forEach(function (box) {
      box.checked = true;
      keep(box);
    });
    say();
  }

  boxes.forEach(function (box) {
    box.addEventListener("change", function () {
      cleared = [];
      keep(box);
      say();
    });
  });
  clear.addEventListener("click", clearOrPutBack);
  panel.querySelector("[data-hc-print]").addEventListener("click", function () { window.print(); });
  /* Another tab, or this page out of the browser's memory of visited pages. */
  window.addEventListener("storage", read);
  window.addEventListener("pageshow", function (event) {
    if (event.persisted) {
      read();
    }
  });
  read();
})();

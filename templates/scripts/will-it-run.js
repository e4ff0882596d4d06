/* Looks up which scenarios run on a reader's machine. Every answer and nearly every word stands in
   the page already; the table there says the same for the machines that are sold. */
(function () {
  "use strict";

  var GIB = 1024 * 1024 * 1024;
  var STORAGE_KEY = "hcreport:machine";
  var TYPING_PAUSE = 250; // milliseconds: a screen reader announces the end of typing, not each key

  var tool = document.querySelector("[data-hc-run]");
  if (!tool) {
    return;
  }
  var memory = tool.querySelector("#hc-run-memory");
  var platform = tool.querySelector("#hc-run-platform");
  var sizes = Array.from(tool.querySelectorAll("[data-hc-size]"));
  var results = Array.from(tool.querySelectorAll(".hc-run-result li"));
  var summary = tool.querySelector("[data-hc-summary]");
  var place = tool.querySelector("p[data-hc-place]");
  var table = document.querySelector(".hc-run-table");
  var needs = results.map(function (item) {
    return item.querySelector("[data-hc-answer]").firstElementChild;
  });
  var waiting = 0;

  function remembered() {
    try {
      return JSON.parse(localStorage.getItem(STORAGE_KEY)) || {};
    } catch (error) {
      return {}; // no storage, or somebody else's value: begin anew
    }
  }

  function remember() {
    try {
      localStorage.setItem(
        STORAGE_KEY,
        JSON.stringify({ memory: memory.value, platform: platform.value })
      );
    } catch (error) {
      // A private window may refuse: the answer is there all the same.
    }
  }

  function forget() {
    try {
      localStorage.removeItem(STORAGE_KEY);
    } catch (error) {
      // Nothing was stored, so there is nothing to forget.
    }
    memory.value = "";
    begin();
    show();
    summary.textContent = tool.dataset.hcForgotten;
    memory.focus();
  }

  /* Chooses the platform to begin with: the usual one of this system, else the snapshot's own. */
  function begin() {
    var options = Array.from(platform.options);
    var system = /Android/.test(navigator.userAgent) ? "" : navigator.platform || "";
    var usual = options.find(function (option) {
      return option.dataset.hcSystem && system.indexOf(option.dataset.hcSystem) === 0;
    });
    var own = options.find(function (option) {
      return option.dataset.hcOwn === "yes";
    });
    platform.value = (usual || own || options[0]).value;
  }

  function choose(value) {
    var known = Array.from(platform.options).some(function (option) {
      return option.value === value;
    });
    if (known) {
      platform.value = value;
    }
  }

  /* Returns the last answer whose size the machine reaches; they stand in order of size. */
  function answerFor(scenario, family, machine) {
    var steps = tool.querySelectorAll(
      'template[data-hc-family="' + family + '"][data-hc-scenario="' + scenario + '"]'
    );
    var found = steps[0];
    steps.forEach(function (step) {
      if (Number(step.dataset.hcFrom) <= machine) {
        found = step;
      }
    });
    return found.dataset;
  }

  function add(parent, text) {
    parent.appendChild(document.createTextNode(text));
  }

  function addLink(parent, address, text) {
    var link = document.createElement("a");
    link.href = address;
    link.textContent = text;
    parent.appendChild(link);
  }

  function showAnswer(item, answer, machine, instead) {
    var room = item.querySelector("[data-hc-answer]");
    var mark = tool.querySelector('template[data-hc-kind="' + answer.hcAnswerKind + '"]');
    var detail = document.createElement("span");
    room.replaceChildren(mark.content.cloneNode(true), " ", detail);
    detail.className = "hc-run-detail";
    add(detail, answer.hcDetail);
    if (answer.hcAnswerKind !== "short") {
      return;
    }
    // Rounded up to a tenth: less than that is never enough.
    var missing = Math.ceil(((Number(answer.hcFits) - machine) / GIB) * 10) / 10;
    add(detail, " " + tool.dataset.hcMissing.replace("{missing}", missing));
    if (instead) {
      var name = instead.querySelector("[data-hc-name]");
      add(detail, " " + tool.dataset.hcInstead + " ");
      addLink(detail, "#" + name.dataset.hcName, name.textContent);
      add(detail, ".");
    }
  }

  function showPlace(option, answers) {
    var changes = answers.some(function (answer) {
      return /change$/.test(answer.hcAnswerKind);
    });
    place.replaceChildren();
    if (changes && option.dataset.hcPlace) {
      add(place, tool.dataset.hcWhere.replace("{place}", option.dataset.hcPlace) + " ");
      addLink(place, "#memory-on-" + option.value, tool.dataset.hcSteps);
    }
  }

  /* Marks the rows for machines of exactly this range of sizes, in each tab. */
  function markRows(machine) {
    table.querySelectorAll("[data-hc-first]").forEach(function (label) {
      var last = Number(label.dataset.hcLast);
      var inside = Number(label.dataset.hcFirst) <= machine && (!last || machine <= last);
      var row = label.closest("tr");
      if (inside && machine > 0) {
        row.setAttribute("aria-current", "true");
      } else {
        row.removeAttribute("aria-current");
      }
    });
  }

  function showTab(family) {
    var tab = table.querySelectorAll(".tabbed-set > input")[Number(family)];
    if (tab && !tab.checked) {
      tab.checked = true;
      tab.dispatchEvent(new Event("change", { bubbles: true }));
    }
  }

  function clear() {
    summary.textContent = tool.dataset.hcEmpty;
    place.replaceChildren();
    results.forEach(function (item, scenario) {
      item.querySelector("[data-hc-answer]").replaceChildren(needs[scenario]);
    });
  }

  function show() {
    var typed = Number(memory.value);
    var machine = memory.validity.valid && typed > 0 ? typed * GIB : 0;
    var option = platform.options[platform.selectedIndex];
    sizes.forEach(function (button) {
      button.setAttribute("aria-pressed", String(Number(button.dataset.hcSize) === typed));
    });
    markRows(machine);
    if (!machine) {
      clear();
      return;
    }
    var answers = results.map(function (item, scenario) {
      return answerFor(scenario, option.dataset.hcFamily, machine);
    });
    var instead = results.find(function (item, scenario) {
      return !/^(short|unknown)$/.test(answers[scenario].hcAnswerKind);
    });
    summary.textContent = tool.dataset.hcHeading
      .replace("{memory}", String(typed))
      .replace("{platform}", option.textContent);
    results.forEach(function (item, scenario) {
      showAnswer(item, answers[scenario], machine, instead);
    });
    showPlace(option, answers);
  }

  function changed() {
    clearTimeout(waiting);
    remember();
    show();
    showTab(platform.options[platform.selectedIndex].dataset.hcFamily);
  }

  tool.classList.add("hc-run-ready");
  results.forEach(function (item) {
    var name = item.querySelector("[data-hc-name]");
    var text = name.textContent;
    name.replaceChildren();
    addLink(name, "#" + name.dataset.hcName, text);
  });
  memory.addEventListener("input", function () {
    clearTimeout(waiting);
    waiting = setTimeout(changed, TYPING_PAUSE);
  });
  memory.addEventListener("change", changed);
  platform.addEventListener("change", changed);
  sizes.forEach(function (button) {
    button.addEventListener("click", function () {
      memory.value = button.dataset.hcSize;
      changed();
    });
  });
  tool.querySelector("[data-hc-forget]").addEventListener("click", forget);
  tool.querySelector("form").addEventListener("submit", function (event) {
    event.preventDefault();
    changed();
  });

  var saved = remembered();
  begin();
  choose(saved.platform);
  memory.value = typeof saved.memory === "string" ? saved.memory : "";
  show();
})();

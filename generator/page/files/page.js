"use strict";
(() => {
  // Draws the page's data. Everything that people wrote is set as text, never as markup.
  const data = JSON.parse(document.getElementById("data").textContent);
  const WINDOW = 100; // rows that a long table shows at first
  const root = document.documentElement;
  const order = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
  const number = new Intl.NumberFormat("en");
  const redraws = []; // what depends on the colours or the width
  const unfolds = []; // what shows only a part, and all of it on paper

  function make(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else if (value !== false && value !== null) element.setAttribute(name, value === true ? "" : value);
    }
    element.append(...children);
    return element;
  }
  const counted = (count, noun) => `${number.format(count)} ${noun}${count === 1 ? "" : "s"}`;
  const wait = (work) => { let timer; return () => { clearTimeout(timer); timer = setTimeout(work, 60); }; };

  // ---- theme
  const button = document.getElementById("theme");
  const system = matchMedia("(prefers-color-scheme: dark)");
  let chosen = null;
  try { chosen = localStorage.getItem("verta-gitops-theme"); } catch { /* not allowed for this file */ }
  function paint(theme) {
    root.dataset.theme = theme;
    button.textContent = theme === "dark" ? "Light" : "Dark";
    button.setAttribute("aria-label", `Switch to ${theme === "dark" ? "light" : "dark"} colours`);
    for (const redraw of redraws) redraw();
  }
  const theme = () => (chosen === "dark" || chosen === "light" ? chosen : system.matches ? "dark" : "light");
  button.hidden = false;
  button.addEventListener("click", () => {
    chosen = root.dataset.theme === "dark" ? "light" : "dark";
    try { localStorage.setItem("verta-gitops-theme", chosen); } catch { /* it holds until the page is closed */ }
    paint(chosen);
  });
  system.addEventListener("change", () => paint(theme()));
  paint(theme());

  // ---- tables that are searched, filtered and sorted
  const isRich = (cell) => cell !== null && typeof cell === "object" && !Array.isArray(cell);
  const textOf = (cell) => (Array.isArray(cell) ? cell.join(", ") : isRich(cell) ? cell.t : String(cell ?? ""));
  const keyOf = (cell) => (isRich(cell) ? cell.s ?? cell.t : Array.isArray(cell) ? cell.join(", ") : cell);
  function compare(one, two) {
    if (typeof one === "number" && typeof two === "number") return one - two;
    if ((one === "") !== (two === "")) return one === "" ? 1 : -1; // what says nothing stands last
    return order.compare(one, two);
  }

  function fill(td, cell, kind) {
    if (kind === "badge" && cell) {
      td.append(make("span", { class: `badge ${/^[a-z]+$/.test(cell) ? cell : ""}` }, cell));
    } else if (kind === "percent") {
      if (cell < 0) { td.textContent = "–"; return; }
      const level = cell >= 100 ? " bad" : cell >= 80 ? " warn" : "";
      const filled = make("span");
      filled.style.width = `${Math.min(100, cell)}%`;
      td.append(make("span", { class: `meter${level}`, "aria-hidden": "true" }, filled), make("span", { class: "of" }, `${cell.toFixed(1)} %`));
    } else if (isRich(cell) && /^https?:\/\//.test(cell.h || "")) {
      td.append(make("a", { href: cell.h, rel: "noreferrer noopener" }, cell.t));
    } else td.textContent = textOf(cell) || "–";
  }

  function draw(place, table) {
    const rows = table.rows.map((cells) => ({ cells, text: cells.map(textOf).join("\n").toLowerCase() }));
    const id = place.dataset.table;
    const state = { words: [], facets: new Map(), column: -1, down: false, all: rows.length <= WINDOW, found: rows };
    const shown = make("p", { class: "shown", role: "status" });
    const search = make("input", { type: "search", autocomplete: "off", oninput: wait(refresh) });
    const tools = make("div", { class: "tools" }, make("label", {}, `Search ${table.noun}s`, search));
    table.columns.forEach((column, position) => {
      if (!column.facet) return;
      const values = [...new Set(rows.map((row) => textOf(row.cells[position])))].sort(order.compare);
      if (values.length < 2 || values.length > 200) return;
      const options = values.map((value) => make("option", { value: `=${value}` }, value || "(none)"));
      const select = make("select", { onchange: refresh }, make("option", { value: "" }, "all"), ...options);
      state.facets.set(position, select);
      tools.append(make("label", {}, column.label, select));
    });
    tools.append(shown);
    const heads = table.columns.map((column, position) =>
      make("th", { scope: "col", class: /amount|percent/.test(column.kind) ? "amount" : false },
        make("button", { type: "button", onclick: () => sort(position) }, column.label)));
    const body = make("tbody");
    const more = make("button", { type: "button", class: "more-rows", onclick: () => { state.all = true; write(); } });
    const whole = make("table", {}, make("thead", {}, make("tr", {}, ...heads)), body);
    whole.setAttribute("aria-labelledby", `${id}-head`);
    place.append(tools, make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": `Table of ${table.noun}s` }, whole), more);

    function sort(position) {
      state.down = state.column === position && !state.down;
      state.column = position;
      heads.forEach((head, each) => {
        if (each === position) head.setAttribute("aria-sort", state.down ? "descending" : "ascending");
        else head.removeAttribute("aria-sort");
      });
      refresh();
    }
    function refresh() {
      state.words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      const facets = [...state.facets].filter(([, select]) => select.value).map(([position, select]) => [position, select.value.slice(1)]);
      state.found = rows.filter((row) => state.words.every((word) => row.text.includes(word))
        && facets.every(([position, value]) => textOf(row.cells[position]) === value));
      if (state.column >= 0) {
        const turn = state.down ? -1 : 1;
        state.found.sort((one, two) => turn * compare(keyOf(one.cells[state.column]), keyOf(two.cells[state.column])));
      }
      write();
    }
    function write(all = state.all) {
      const visible = all ? state.found : state.found.slice(0, WINDOW);
      const parts = document.createDocumentFragment();
      for (const row of visible) {
        const tr = make("tr");
        row.cells.forEach((cell, position) => {
          const kind = table.columns[position].kind;
          const td = position === 0 ? make("th", { scope: "row" }) : make("td", { class: /amount|percent/.test(kind) ? "amount" : false });
          fill(td, cell, kind);
          tr.append(td);
        });
        parts.append(tr);
      }
      if (!visible.length) parts.append(make("tr", {}, make("td", { class: "none", colspan: table.columns.length }, "Nothing matches.")));
      body.replaceChildren(parts);
      const total = counted(rows.length, table.noun);
      shown.textContent = state.found.length === rows.length ? total : `${number.format(state.found.length)} of ${total}`;
      more.hidden = visible.length === state.found.length;
      more.textContent = `Show all ${number.format(state.found.length)}`;
    }
    unfolds.push((open) => write(open || state.all));
    write();
  }
  for (const place of document.querySelectorAll("[data-table]")) draw(place, data.tables[place.dataset.table]);

  // ---- who has which role where
  (() => {
    const MOST = 12; // groups that are shown at first where there are many
    const { groups, rows } = data.access;
    const place = document.getElementById("matrix");
    if (!groups.length) { place.append(make("p", {}, "Nobody has access to anything.")); return; }
    const grants = new Array(groups.length).fill(0);
    for (const [, cells] of rows) for (const [group] of cells) grants[group] += 1;
    const busiest = groups.map((_, each) => each).sort((one, two) => grants[two] - grants[one]).slice(0, MOST).sort((one, two) => one - two);
    const start = groups.length <= 2 * MOST ? groups.map((_, each) => each) : busiest;
    const position = new Map(groups.map((name, each) => [name, each]));
    let picked = null; // null: as at first
    let all = rows.length <= WINDOW;
    const options = make("datalist", { id: "group-names" }, ...groups.map((name) => make("option", { value: name })));
    const group = make("input", { type: "search", list: "group-names", autocomplete: "off", oninput: add, onchange: add });
    const filter = make("input", { type: "search", autocomplete: "off", oninput: wait(write) });
    const shown = make("p", { class: "shown", role: "status" });
    const chips = make("ul", { class: "chips", "aria-label": "Groups that are shown; press one to take it away" });
    const reset = make("button", { type: "button", onclick: () => { picked = null; filter.value = ""; write(); } }, "Reset");
    const table = make("table", { class: "matrix", "aria-labelledby": "access-head" });
    const more = make("button", { type: "button", class: "more-rows", onclick: () => { all = true; write(); } });
    place.append(
      make("div", { class: "tools" }, make("label", {}, "Show a group", group), make("label", {}, "Search workspaces", filter), reset, shown),
      options, chips, make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Table of access" }, table), more);

    function add() {
      const found = position.get(group.value.trim());
      if (found === undefined) return;
      picked = [...new Set([...(picked ?? []), found])];
      group.value = "";
      write();
    }
    function write(everything = all) {
      const columns = picked ?? start;
      const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
      const wanted = new Set(columns);
      const found = rows.filter(([name, cells]) => words.every((word) => name.toLowerCase().includes(word)) && cells.some(([each]) => wanted.has(each)));
      const visible = everything ? found : found.slice(0, WINDOW);
      chips.replaceChildren(...(picked ?? []).map((each) => make("li", {}, make("button", {
        type: "button", "aria-label": `Do not show ${groups[each]}`,
        onclick: () => { picked = picked.filter((other) => other !== each); if (!picked.length) picked = null; write(); group.focus(); },
      }, groups[each]))));
      const parts = document.createDocumentFragment();
      for (const [name, cells] of visible) {
        const held = new Map(cells.map(([each, role, beware]) => [each, [role, beware]]));
        const tr = make("tr", {}, make("th", { scope: "row" }, name));
        for (const each of columns) {
          const [role, beware] = held.get(each) ?? ["", ""];
          tr.append(role ? make("td", {}, make("span", { class: beware ? "role beware" : "role", title: beware || false }, role, ...(beware ? [make("span", { class: "unseen" }, ` (${beware})`)] : []))) : make("td"));
        }
        parts.append(tr);
      }
      const empty = make("tr", {}, make("td", { class: "none", colspan: columns.length + 1 }, "Nothing matches."));
      const head = make("tr", {}, make("th", { scope: "col" }, "Workspace"), ...columns.map((each) => make("th", { scope: "col" }, groups[each])));
      table.replaceChildren(make("thead", {}, head), make("tbody", {}, found.length ? parts : empty));
      const part = columns.length < groups.length ? `${number.format(columns.length)} of ${counted(groups.length, "group")}` : counted(groups.length, "group");
      shown.textContent = `${part}${picked || columns.length === groups.length ? "" : " (those with most access)"}, ${counted(found.length, "workspace")}`;
      more.hidden = visible.length === found.length;
      more.textContent = `Show all ${number.format(found.length)}`;
    }
    unfolds.push((open) => write(open || all));
    write();
  })();

  // ---- charts
  const colour = (name) => getComputedStyle(root).getPropertyValue(`--${name}`).trim();
  const font = getComputedStyle(document.body).fontFamily;
  const PALETTE = 8;

  function chart(place, height, options, words, least = 280) {
    const box = make("div", { role: "img", "aria-label": words });
    box.style.height = `${height}px`;
    place.replaceChildren(box);
    let drawn = null;
    function redraw() {
      drawn?.dispose();
      drawn = charts.init(box, null, { renderer: "svg", width: Math.max(least, place.clientWidth), height });
      drawn.setOption({
        animation: false,
        textStyle: { fontFamily: font, color: colour("text") },
        tooltip: { renderMode: "richText", confine: true, backgroundColor: colour("paper"), borderColor: colour("line"), textStyle: { color: colour("text"), fontFamily: font } },
        ...options(),
      });
    }
    redraws.push(redraw);
    new ResizeObserver(wait(() => drawn?.resize({ width: Math.max(least, place.clientWidth) }))).observe(place);
    redraw();
  }
  const axes = (labels, most, end) => ({
    grid: { left: 8, right: end, top: 34, bottom: 6, containLabel: true },
    xAxis: { type: "value", min: 0, max: most, ...(innerWidth < 640 ? { interval: 50 } : {}), axisLabel: { formatter: "{value} %", color: colour("soft") }, splitLine: { lineStyle: { color: colour("line") } } },
    yAxis: { type: "category", data: labels, inverse: true, axisTick: { show: false }, axisLine: { lineStyle: { color: colour("soft") } }, axisLabel: { color: colour("text"), width: 180, overflow: "truncate" } },
  });

  const drawers = {
    capacity(place, { labels, series, totals }) {
      if (!labels.length) { place.append(make("p", {}, "The organization states no capacity of its cluster, so there is nothing to hold the promises against.")); return; }
      const sums = labels.map((_, each) => series.reduce((sum, one) => sum + one.points[each].value, 0));
      const most = Math.max(100, ...sums);
      chart(place, 70 + 44 * labels.length, () => ({
        ...axes(labels, Math.ceil(most / 20) * 20, 24),
        legend: { top: 0, left: 0, type: "plain", textStyle: { color: colour("text") }, itemWidth: 14 },
        color: series.map((_, each) => colour(`c${each % PALETTE}`)),
        series: series.map((one, each) => ({
          name: one.name, type: "bar", stack: "all", barMaxWidth: 24,
          data: one.points,
          tooltip: { formatter: (point) => `${labels[point.dataIndex]}\n${one.name}: ${one.points[point.dataIndex].text}\nall: ${totals[point.dataIndex]}` },
          ...(each ? {} : { markLine: { silent: true, symbol: "none", data: [{ xAxis: 100 }], lineStyle: { color: colour("bad"), width: 2, type: "solid" }, label: { show: false } } }),
        })),
      }), `Promised of what may be promised: ${labels.map((label, each) => `${label} ${totals[each]}`).join("; ")}`);
    },
    cost(place, { labels, values }) {
      if (!labels.length) return;
      chart(place, 50 + 26 * labels.length, () => ({
        ...axes(labels, (value) => Math.min(100, Math.ceil(value.max / 10) * 10 || 1), 60),
        grid: { left: 8, right: 60, top: 8, bottom: 6, containLabel: true },
        series: [{
          type: "bar", barMaxWidth: 18, data: values, itemStyle: { color: colour("c0") },
          label: { show: true, position: "right", formatter: "{c} %", color: colour("text") },
          tooltip: { formatter: (point) => `${labels[point.dataIndex]}: ${point.value} %` },
        }],
      }), `Shares: ${labels.map((label, each) => `${label} ${values[each]} %`).join("; ")}`);
    },
    ways(place, { spaces, wide }) {
      if (!spaces.length) return;
      const MOST = 40;
      const drawn = spaces.slice(0, MOST);
      const nodes = new Map();
      const links = [];
      const kind = (peer) => (wide.includes(peer) ? "c4" : "c6");
      const add = (name, label, depth, hue) => nodes.set(name, { name, depth, label, hue });
      drawn.forEach((space, each) => {
        add(`m${each}`, space.name, 1, "c0");
        for (const peer of space.in) { add(`i${peer}`, peer, 0, kind(peer)); links.push({ source: `i${peer}`, target: `m${each}`, value: 1 }); }
        for (const peer of space.out) { add(`o${peer}`, peer, 2, kind(peer)); links.push({ source: `m${each}`, target: `o${peer}`, value: 1 }); }
      });
      const columns = [0, 1, 2].map((depth) => [...nodes.values()].filter((node) => node.depth === depth).length);
      const tips = (name) => {
        const space = name.startsWith("m") ? drawn[Number(name.slice(1))] : null;
        if (!space) return nodes.get(name).label;
        const named = space.members.slice(0, 12).join("\n");
        return space.members.length > 12 ? `${named}\nand ${number.format(space.members.length - 12)} more` : named;
      };
      const words = drawn.slice(0, 10).map((space) => `${space.name}: in from ${space.in.join(", ") || "nobody"}, out to ${space.out.join(", ") || "nowhere"}`);
      chart(place, Math.max(150, 20 + 34 * Math.max(...columns)), () => ({
        series: [{
          type: "sankey", left: 4, right: 200, top: 8, bottom: 8, nodeGap: 14, nodeWidth: 12, draggable: false, layoutIterations: 32,
          emphasis: { focus: "adjacency" },
          data: [...nodes.values()].map((node) => ({ name: node.name, depth: node.depth, itemStyle: { color: colour(node.hue), borderWidth: 0 } })),
          links, lineStyle: { color: colour("c6"), opacity: 0.28, curveness: 0.5 },
          label: { color: colour("text"), width: 190, overflow: "truncate", formatter: (point) => nodes.get(point.name).label },
          tooltip: { formatter: (point) => (point.dataType === "edge" ? `${nodes.get(point.data.source).label} → ${nodes.get(point.data.target).label}` : tips(point.name)) },
        }],
      }), `The map of ways; the table below says the same. ${words.join("; ")}`, 560);
      if (spaces.length > MOST) place.append(make("p", {}, `The first ${MOST} of ${number.format(spaces.length)} different sets of ways are drawn; the table has all.`));
    },
  };
  for (const place of document.querySelectorAll("[data-chart]")) drawers[place.dataset.chart](place, data.charts[place.dataset.chart]);

  // ---- paper has light colours, all rows, and its own width
  addEventListener("beforeprint", () => { for (const unfold of unfolds) unfold(true); paint("light"); });
  addEventListener("afterprint", () => { for (const unfold of unfolds) unfold(false); paint(theme()); });

  // ---- where in the page somebody is
  const navigation = document.querySelector("nav");
  const entries = new Map([...navigation.querySelectorAll("a")].map((each) => [each.hash.slice(1), each]));
  const watch = new IntersectionObserver((seen) => {
    for (const each of seen) if (each.isIntersecting) {
      for (const entry of entries.values()) entry.removeAttribute("aria-current");
      entries.get(each.target.id)?.setAttribute("aria-current", "true");
    }
  }, { rootMargin: "-20% 0px -75% 0px" });
  for (const section of document.querySelectorAll("main > section")) watch.observe(section);
  root.dataset.ready = String(Math.round(performance.now()));
})();

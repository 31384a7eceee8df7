"use strict";
// Draws the charts of a page from the figures in it, and runs its switches. Everything it shows comes
// from the element "data", and is put into the page as text, never as HTML.
(function () {
  const root = document.documentElement;
  const data = JSON.parse(document.getElementById("data").textContent);
  const sync = uPlot.sync("run");
  const drawn = []; // {figure, spec, plot}
  root.classList.add("js");

  // Language, colours, numbers.

  const say = (w) => (w ? (root.dataset.lang === "zh" ? w.zh : w.en) : "");
  const colour = (name) => getComputedStyle(root).getPropertyValue(name).trim();
  const paint = (n) => () => colour("--c" + n);
  const short = (v) => String(Number(v.toPrecision(3)));

  function seconds(v) {
    if (v <= 0) return "0";
    if (v < 0.0009995) return short(v * 1e6) + "µs";
    if (v < 0.9995) return short(v * 1e3) + "ms";
    if (v < 100) return short(v) + "s";
    return clock(v);
  }

  function clock(v) {
    const s = Math.round(v);
    const two = (n) => String(n).padStart(2, "0");
    if (s >= 3600) return Math.floor(s / 3600) + ":" + two(Math.floor(s / 60) % 60) + ":" + two(s % 60);
    return Math.floor(s / 60) + ":" + two(s % 60);
  }

  function bytes(v) {
    for (const unit of ["B/s", "kB/s", "MB/s"]) {
      if (v < 999.5) return short(v) + " " + unit;
      v /= 1000;
    }
    return short(v) + " GB/s";
  }

  const plain = (v) => v.toLocaleString("en-US", { maximumFractionDigits: v < 10 ? 2 : v < 100 ? 1 : 0 });

  function format(unit, v) {
    if (v === null || v === undefined || Number.isNaN(v)) return "";
    switch (unit) {
      case "s": return seconds(v);
      case "B/s": return bytes(v);
      case "/s": return plain(v);
      case "%": return short(v * 100) + " %";
      case "x": return v === 1 ? "0 %" : (v > 1 ? "+" : "−") + short(Math.abs(v - 1) * 100) + " %";
    }
    return plain(v);
  }

  // percentile turns 1/(1-q) into "99.9 %", with as many nines as there are.
  function percentile(x, more) {
    const digits = Math.max(0, Math.floor(Math.log10(x) + 1e-9) - 2) + (more || 0);
    return (100 * (1 - 1 / x)).toFixed(Math.min(digits, 8)) + " %";
  }

  // Parts of a chart.

  // bands shades the stages behind a chart over time, and names those that are wide enough.
  function bands(u) {
    const ctx = u.ctx, box = u.bbox, ratio = devicePixelRatio || 1;
    ctx.save();
    ctx.beginPath();
    ctx.rect(box.left, box.top, box.width, box.height);
    ctx.clip();
    ctx.font = 10 * ratio + "px system-ui, sans-serif";
    ctx.textBaseline = "top";
    data.bands.forEach((band, i) => {
      const from = u.valToPos(band.start, "x", true), to = u.valToPos(band.end, "x", true);
      if (band.kind || i % 2 === 1) {
        ctx.fillStyle = colour(band.kind ? "--aside" : "--shade");
        ctx.fillRect(from, box.top, to - from, box.height);
      }
      let name = say(band.name);
      if (band.kind && name !== say(data.words[band.kind])) name += " (" + say(data.words[band.kind]) + ")";
      for (const text of [name, say(band.name)]) {
        if (ctx.measureText(text).width + 8 * ratio < to - from) {
          ctx.fillStyle = colour("--dim");
          ctx.fillText(text, from + 4 * ratio, box.top + 3 * ratio);
          break;
        }
      }
    });
    ctx.restore();
  }

  // intervals draws the rows of a forest plot: a line from low to high.
  function intervals(spec) {
    return (u) => {
      const ctx = u.ctx, ratio = devicePixelRatio || 1;
      const at = u.valToPos(spec.middle, "y", true);
      ctx.save();
      ctx.lineWidth = ratio;
      ctx.strokeStyle = colour("--dim");
      ctx.beginPath();
      ctx.moveTo(at, u.bbox.top);
      ctx.lineTo(at, u.bbox.top + u.bbox.height);
      ctx.stroke();
      ctx.beginPath();
      ctx.rect(u.bbox.left, u.bbox.top, u.bbox.width, u.bbox.height);
      ctx.clip();
      spec.rows.forEach((row, i) => {
        const y = u.valToPos(i, "x", true), low = u.valToPos(row.low, "y", true), high = u.valToPos(row.high, "y", true), mid = u.valToPos(row.mid, "y", true);
        ctx.strokeStyle = ctx.fillStyle = colour("--" + row.class);
        ctx.lineWidth = 2 * ratio;
        ctx.beginPath();
        ctx.moveTo(low, y);
        ctx.lineTo(high, y);
        for (const end of [low, high]) {
          ctx.moveTo(end, y - 4 * ratio);
          ctx.lineTo(end, y + 4 * ratio);
        }
        ctx.stroke();
        const left = u.bbox.left, right = left + u.bbox.width, size = 4 * ratio;
        if (mid < left || mid > right) {
          const edge = mid < left ? left : right, inwards = mid < left ? 2 * size : -2 * size;
          ctx.beginPath();
          ctx.moveTo(edge, y);
          ctx.lineTo(edge + inwards, y - size);
          ctx.lineTo(edge + inwards, y + size);
          ctx.fill();
        } else {
          ctx.fillRect(mid - size, y - size, 2 * size, 2 * size);
        }
      });
      ctx.restore();
    };
  }

  function axis(spec, more) {
    return Object.assign({
      stroke: () => colour("--dim"), font: "11px system-ui, sans-serif", labelFont: "11px system-ui, sans-serif", labelSize: 18, labelGap: 2,
      grid: { stroke: () => colour("--grid"), width: 1 }, ticks: { stroke: () => colour("--grid"), width: 1, size: 4 }, gap: 4,
    }, more);
  }

  const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400, 172800, 604800];

  // decades are the marks of a percentile curve, with 50, 75 and 95 % where there is room.
  function decades(u) {
    const max = u.scales.x.max, wide = u.width > 520, marks = [1];
    if (wide) marks.push(2, 4);
    for (let x = 10; x <= max * 1.001; x *= 10) {
      marks.push(x);
      if (x === 10 && wide && max > 20) marks.push(20);
    }
    return marks;
  }

  function horizontal(spec) {
    switch (spec.kind) {
      case "time":
        return axis(spec, { label: say(data.words.run), incrs: steps, values: (u, marks) => marks.map(clock), size: 24, space: 60 });
      case "curve":
        return axis(spec, { label: say(data.words.quantile), splits: decades, filter: (u, marks) => marks, values: (u, marks) => marks.map((x) => percentile(x)), size: 24 });
    }
    return axis(spec, { label: say(spec.xname), values: (u, marks) => marks.map((v) => format(spec.xunit, v)), size: 24 });
  }

  function vertical(spec, unit) {
    return axis(spec, { label: say(spec.yname), values: (u, marks) => marks.map((v) => (v === null ? "" : format(unit, v))), size: 56, space: 30 });
  }

  // lines gives uPlot its series. What is thin becomes a line of its own, dashed.
  function lines(list, log) {
    const values = [], options = [];
    list.forEach((s, i) => {
      const usable = s.v.map((v) => (v === null || (log && v <= 0) ? null : v));
      const solid = s.thin ? usable.map((v, k) => (k <= s.thin ? v : null)) : usable;
      const one = {
        of: i, label: say(s.name), show: !s.hidden, stroke: paint(s.c), width: 1.6, spanGaps: Boolean(s.span),
        points: { show: s.points || s.span || undefined, size: s.points ? 8 : 4, fill: paint(s.c) },
      };
      if (s.points) one.paths = () => null;
      if (s.fill) one.fill = () => colour("--shade");
      options.push(one);
      values.push(solid);
      if (s.thin) {
        options.push(Object.assign({}, one, { dash: [4, 4], points: { show: false } }));
        values.push(usable.map((v, k) => (k >= s.thin ? v : null)));
      }
    });
    return { values, options };
  }

  function abscissa(spec, list) {
    if (spec.x) return spec.x;
    return list[0].v.map((_, i) => (i + 0.5) * data.step);
  }

  // scales fits a chart to its figures: a curve is as long as its last value, and a chart over time as
  // the run until somebody zooms in.
  function scales(spec, x, list) {
    const y = spec.log ? { distr: 3 } : { range: (u, min, max) => [0, max > 0 ? max * 1.06 : 1] };
    if (spec.kind === "curve") {
      const last = x.findLast((_, k) => list.some((s) => s.v[k] !== null)) || 1;
      return { x: { time: false, distr: 3, range: () => [1, Math.max(last, 10)] }, y };
    }
    if (spec.kind === "time") {
      const end = data.bands.reduce((most, b) => Math.max(most, b.end), 0);
      return { x: { time: false, range: (u, min, max) => (min > x[0] || max < x[x.length - 1] ? [min, max] : [0, Math.max(max, end, 1)]) }, y };
    }
    return { x: { time: false, range: (u, min, max) => [0, max * 1.03] }, y };
  }

  function chosen(spec) {
    return spec.choices ? spec.choices[spec.choice || 0] : spec;
  }

  const height = () => (innerWidth < 520 ? 210 : 240);

  function lineOptions(item) {
    const spec = item.spec, set = chosen(spec), unit = set.unit || spec.unit;
    const { values, options } = lines(set.series, spec.log);
    const x = abscissa(spec, set.series);
    item.data = [x].concat(values);
    const hooks = { setCursor: [(u) => readout(item, u)] };
    if (spec.kind === "time") hooks.drawClear = [bands];
    return {
      width: item.width, height: height(), legend: { show: false }, scales: scales(spec, x, set.series), hooks,
      cursor: { sync: spec.kind === "time" ? { key: sync.key, scales: ["x", null] } : undefined, drag: { x: spec.kind === "time", y: false }, points: { size: 6 } },
      axes: [horizontal(spec), vertical(spec, unit)], series: [{}].concat(options), padding: [8, spec.kind === "curve" ? 24 : 12, 0, 0],
    };
  }

  function forestOptions(item) {
    const spec = item.spec, rows = spec.rows;
    item.data = [rows.map((_, i) => i), rows.map((row) => row.mid)];
    let least = Math.min(spec.middle, ...rows.map((row) => row.low)), most = Math.max(spec.middle, ...rows.map((row) => row.high));
    if (spec.log) [least, most] = [Math.max(least, 0.4), Math.min(most, 2.5)]; // what is beyond is an arrow at the edge
    const room = spec.log ? Math.max(1.02, Math.pow(most / least, 0.06)) : (most - least) * 0.06 || 1;
    const range = spec.log ? [least / room, most * room] : [least - room, most + room];
    const longest = Math.max(...rows.map((row) => row.name.length));
    return {
      width: item.width, height: 64 + 24 * rows.length, legend: { show: false },
      scales: { x: { time: false, ori: 1, dir: -1, range: [-0.7, rows.length - 0.3] }, y: { ori: 0, dir: 1, distr: spec.log ? 3 : 1, range } },
      axes: [
        axis(spec, { side: 3, size: Math.min(longest * 6.2 + 12, item.width * 0.45), splits: () => rows.map((_, i) => i), values: () => rows.map((row) => row.name), filter: (u, m) => m, grid: { show: false } }),
        axis(spec, { side: 2, size: 24, label: say(spec.xname), splits: () => marks(range), filter: (u, m) => m, values: (u, list) => list.map((v) => format(spec.unit, v)) }),
      ],
      cursor: { show: false }, series: [{}, { stroke: "transparent", paths: () => null, points: { show: false } }],
      hooks: { draw: [intervals(spec)] }, padding: [6, 16, 0, 0],
    };
  }

  // marks are round numbers between two, no more than nine.
  function marks(range) {
    for (let power = 1e-6; power < 1e6; power *= 10) {
      for (const step of [power, 2 * power, 5 * power]) {
        const first = Math.ceil(range[0] / step), last = Math.floor(range[1] / step);
        if (last - first < 9) return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(6)));
      }
    }
    return [];
  }

  // The line of tools above a chart: what can be chosen, and what lies under the cursor.

  function element(name, className, text) {
    const e = document.createElement(name);
    if (className) e.className = className;
    if (text) e.textContent = text;
    return e;
  }

  function tools(item) {
    const spec = item.spec, bar = item.figure.querySelector(".tools");
    bar.replaceChildren();
    if (spec.kind === "forest") return;
    if (spec.choices) bar.append(chooser(item), element("span", "help", say(chosen(spec).help)));
    if (chosen(spec).unit === "s" || (!chosen(spec).unit && spec.unit === "s")) bar.append(logSwitch(item));
    item.at = element("span", "at");
    item.told = element("span", "told"); // what is under the cursor, for those who hear it
    item.told.setAttribute("role", "status");
    item.values = chosen(spec).series.map((s, i) => toggle(item, s, i, bar));
    bar.append(item.at, item.told);
    if (chosen(spec).series.some((s) => s.thin)) bar.append(element("span", "help", say(data.words.thin)));
  }

  function chooser(item) {
    const label = element("label", "", say(data.words.metric) + " "), select = document.createElement("select");
    item.spec.choices.forEach((c, i) => {
      const option = element("option", "", c.name);
      option.value = i;
      select.append(option);
    });
    select.value = item.spec.choice || 0;
    select.addEventListener("change", () => {
      item.spec.choice = Number(select.value);
      build(item);
      item.figure.querySelector("select").focus();
    });
    label.append(select);
    return label;
  }

  function logSwitch(item) {
    const label = element("label"), box = document.createElement("input");
    box.type = "checkbox";
    box.checked = Boolean(item.spec.log);
    box.addEventListener("change", () => {
      item.spec.log = box.checked;
      build(item);
      item.figure.querySelector("input").focus();
    });
    label.append(box, say(data.words.log));
    return label;
  }

  function toggle(item, s, i, bar) {
    const button = element("button"), swatch = element("span", "swatch"), value = element("span", "value");
    button.type = "button";
    button.setAttribute("aria-pressed", String(!s.hidden));
    swatch.style.borderTopColor = "var(--c" + s.c + ")";
    button.append(swatch, say(s.name), value);
    button.addEventListener("click", () => {
      s.hidden = !s.hidden;
      button.setAttribute("aria-pressed", String(!s.hidden));
      item.plot.series.forEach((line, k) => {
        if (line.of === i) item.plot.setSeries(k, { show: !s.hidden });
      });
    });
    bar.append(button);
    return value;
  }

  // readout writes the values under the cursor into the buttons.
  function readout(item, u) {
    const spec = item.spec, set = chosen(spec), at = u.cursor.idx, inside = at !== null && at !== undefined && u.cursor.left >= 0;
    if (!item.at) return;
    const x = inside ? u.data[0][at] : 0;
    const where = { time: () => clock(x - 0.5 * data.step), curve: () => percentile(x, 1) }[spec.kind] || (() => format(spec.xunit, x));
    item.at.textContent = inside ? where() : "";
    set.series.forEach((s, i) => {
      item.values[i].textContent = inside && !s.hidden ? format(set.unit || spec.unit, s.v[at]) : "";
    });
  }

  // keys moves the cursor without a mouse.
  function keys(item, event) {
    const u = item.plot, n = item.data[0].length;
    const to = { ArrowLeft: (item.cursor ?? n) - 1, ArrowRight: (item.cursor ?? -1) + 1, Home: 0, End: n - 1 }[event.key];
    if (to === undefined || item.spec.kind === "forest") return;
    event.preventDefault();
    item.cursor = Math.min(Math.max(to, 0), n - 1);
    u.setCursor({ left: u.valToPos(item.data[0][item.cursor], "x"), top: 10 }, true, true);
    const values = chosen(item.spec).series.map((s, i) => item.values[i].textContent && say(s.name) + " " + item.values[i].textContent);
    item.told.textContent = [item.at.textContent, ...values].filter(Boolean).join(", ");
  }

  // Building and rebuilding.

  function build(item) {
    const place = item.figure.querySelector(".plot");
    if (item.plot) item.plot.destroy();
    item.plot = null;
    item.width = Math.max(place.clientWidth, 160);
    try {
      tools(item);
      const options = item.spec.kind === "forest" ? forestOptions(item) : lineOptions(item);
      item.plot = new uPlot(options, item.data, place);
      item.figure.dataset.drawn = "yes";
    } catch (problem) {
      place.textContent = say(data.words.broken);
      console.error(problem);
    }
  }

  function resize(item, width) {
    if (!item.plot || width < 100 || width === item.width) return;
    item.width = width;
    if (item.spec.kind === "forest") build(item);
    else item.plot.setSize({ width, height: height() });
  }

  const repaint = () => drawn.forEach((item) => item.plot && item.plot.redraw(false, true));

  for (const spec of data.charts || []) {
    const figure = document.querySelector('figure[data-chart="' + spec.id + '"]');
    if (!figure) continue;
    const item = { figure, spec };
    drawn.push(item);
    build(item);
    const place = figure.querySelector(".plot");
    place.addEventListener("keydown", (event) => keys(item, event));
    new ResizeObserver(() => requestAnimationFrame(() => resize(item, place.clientWidth))).observe(place);
  }

  // The switches.

  const dark = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : dark.matches);

  function speak(lang) {
    root.dataset.lang = lang;
    root.lang = lang === "zh" ? "zh-CN" : "en";
    document.title = say(data.words.title);
    drawn.forEach(build);
  }

  function wear(theme) {
    root.dataset.theme = theme;
    repaint();
  }

  document.getElementById("controls").hidden = false;
  document.getElementById("switch-lang").addEventListener("click", () => speak(root.dataset.lang === "zh" ? "en" : "zh"));
  document.getElementById("switch-theme").addEventListener("click", () => wear(isDark() ? "light" : "dark"));
  document.getElementById("print").addEventListener("click", () => print());
  dark.addEventListener("change", repaint);

  // On paper everything is open, light, and as wide as the page.
  const paper = 690;
  let before = null;
  addEventListener("beforeprint", () => {
    const closed = [...document.querySelectorAll("details:not([open])")];
    before = { theme: root.dataset.theme, closed };
    closed.forEach((d) => (d.open = true));
    root.dataset.theme = "light";
    drawn.forEach((item) => resize(item, paper));
    repaint();
  });
  addEventListener("afterprint", () => {
    if (!before) return;
    before.closed.forEach((d) => (d.open = false));
    if (before.theme) root.dataset.theme = before.theme;
    else delete root.dataset.theme;
    drawn.forEach((item) => resize(item, item.figure.querySelector(".plot").clientWidth));
    repaint();
    before = null;
  });
})();

"use strict";
const EVERY_MS = 1000, PATIENCE_MS = 4000;
const TONES = { running: "good", recovering: "warn", waiting: "bad" };
const byId = (id) => document.getElementById(id);
const number = (value, digits = 0) => (value === null || value === undefined ? "-" : value.toFixed(digits));

function element(tag, text = "", className = "") {
  const made = document.createElement(tag);
  made.textContent = text;
  made.className = className;
  return made;
}

function row(...cells) {
  const made = document.createElement("tr");
  made.append(...cells.map((cell) => (cell instanceof Node ? cell : element("td", cell))));
  return made;
}

function duration(seconds) {
  if (seconds === null) return "-";
  if (seconds < 99.5) return `${number(seconds)} s`;
  const minutes = seconds / 60;
  if (minutes < 99.5) return `${number(minutes)} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${String(Math.floor(minutes) % 60).padStart(2, "0")} min` : `${number(hours / 24, 1)} d`;
}

function size(bytes) {
  for (const unit of ["B", "kB", "MB", "GB"]) {
    if (bytes < 999.5) return `${number(bytes)} ${unit}`;
    bytes /= 1000;
  }
  return `${number(bytes, 1)} TB`;
}

function clock(iso) {
  const date = new Date(iso);
  return isNaN(date) ? "" : date.toLocaleTimeString([], { hour12: false });
}

function showHead(s) {
  document.title = `${s.waits_for ? "! " : ""}${s.kept}/${s.wanted} ${s.session}`;
  byId("session").textContent = s.session;
  byId("about").textContent = `${s.rig}, ${s.robot}`;
  byId("doing").textContent = s.doing;
  byId("doing").className = `badge ${TONES[s.doing] || ""}`;
  const called = s.doing === "waiting";
  const silent = s.silent ? `nothing new for ${duration(s.silent_s)}: the loop does not tick` : "";
  alarm(silent || (s.waits_for && `${called ? "waits for you" : "waits"}: ${s.waits_for}`), !silent && !called);
}

function alarm(text, mild) {
  byId("alarm").hidden = !text;
  byId("alarm").textContent = text;
  byId("alarm").className = mild ? "alarm warn" : "alarm";
}

function showProgress(s) {
  const share = s.wanted ? s.kept / s.wanted : 0;
  byId("progress").value = Math.min(1, share);
  byId("kept").textContent = `${s.kept} / ${s.wanted}`;
  byId("share").textContent = `${number(100 * share)} %`;
  const when = s.eta_s === null ? "" : new Date(Date.now() + 1000 * s.eta_s);
  const at = when && when.toLocaleString([], { weekday: "short", hour: "2-digit", minute: "2-digit", hour12: false });
  byId("eta").textContent = s.eta_s === null ? "" : `done in ${duration(s.eta_s)}, ${at}`;
  const short = s.disk_free < s.disk_needed ? "bad" : "";
  const tiles = [
    [s.failures, "failed"], [s.doubtful, "doubtful"], [s.discarded, "discarded"], [number(s.per_hour), "per hour"],
    [duration(s.seconds), "so far"], [s.human_calls, "calls", s.human_calls ? "warn" : ""],
    [size(s.disk_free), `free, ${size(s.disk_needed)} needed`, short],
  ];
  byId("counts").replaceChildren(...tiles.map(([value, name, tone]) => {
    const tile = element("div", "", "tile");
    tile.append(element("b", String(value), tone || ""), element("span", name));
    return tile;
  }));
}

function showNow(s) {
  const now = s.now;
  byId("attempt").textContent = s.attempt ? `Attempt ${s.attempt}` : "Attempt";
  for (const key of ["task", "target", "why"]) byId(key).textContent = now[key];
  byId("phase").textContent = now.phase || "-";
  byId("instruction").textContent = now.instruction && `“${now.instruction}”`;
  byId("objects").replaceChildren(...now.objects.map((o) => {
    const towards = o.towards_deg === null ? "-" : `${number(o.towards_deg)}°`;
    const health = element("td", number(o.health, 2), o.health >= s.healthy ? "good" : "warn");
    const name = element("td", o.name, o.target ? "mark" : "");
    return row(name, ...o.position.map((each) => number(1000 * each)), number(o.speed, 2), towards, health);
  }));
}

function showLoop(s) {
  const t = s.timing, late = t.ticks ? (100 * t.missed) / t.ticks : 0;
  const p99 = element("td", `${number(t.p99_ms, 1)} ms`, t.p99_ms > t.period_ms ? "bad" : "");
  const missed = element("td", `${t.missed} of ${t.ticks} (${number(late, 2)} %)`, late > 0.1 ? "warn" : "");
  byId("loop").replaceChildren(
    row("work of a tick, median", `${number(t.median_ms, 1)} ms`), row("work of a tick, p99", p99),
    row(`slack of ${number(t.period_ms)} ms`, `${number(t.slack_ms, 1)} ms`), row("ticks missed", missed),
    row("waiting to be encoded", String(s.now.waiting_to_encode)),
  );
}

function showShares(id, shares, unit) {
  byId(id).replaceChildren(...shares.flatMap((share) => {
    const rate = share.n ? share.success / share.n : null;
    const track = element("div", "", "track");
    const fill = element("div", "", `fill ${rate >= 0.85 ? "" : rate >= 0.6 ? "warn" : "bad"}`);
    fill.style.width = `${100 * (rate || 0)}%`;
    track.append(fill);
    const percent = rate === null ? "-" : `${number(100 * rate)} %`;
    return [element("span", share.label + unit), track, element("span", percent, "number"),
      element("span", `${share.success}/${share.n}`, "quiet number")];
  }));
}

function line(at, text, className) {
  const made = element("li", "", className);
  made.append(element("time", clock(at)), text);
  return made;
}

function showNews(s) {
  const troubles = [...s.troubles].sort((a, b) => b.standing - a.standing).map((t) => {
    const text = `${t.name} of ${t.device}: ${t.detail}${t.deed && ` → ${t.deed}`}`;
    return line(t.at, text, t.standing ? "standing" : "quiet");
  });
  byId("troubles").replaceChildren(...(troubles.length ? troubles : [element("li", "none", "quiet")]));
  byId("journal").replaceChildren(...[...s.journal].reverse().map((each) => line(each.at, each.text, each.tone)));
}

function showCameras(names) {
  const place = byId("cameras");
  if ([...place.children].map((each) => each.dataset.name).join("\n") !== names.join("\n")) {
    place.replaceChildren(...names.map((name) => {
      const figure = document.createElement("figure"), image = document.createElement("img");
      figure.dataset.name = image.alt = name;
      figure.append(image, element("figcaption", name));
      return figure;
    }));
  }
  if (document.hidden) return;
  for (const figure of place.children) {
    figure.firstChild.src = `camera/${encodeURIComponent(figure.dataset.name)}.jpg?${Date.now()}`;
  }
}

function show(s) {
  showHead(s);
  showProgress(s);
  showNow(s);
  showLoop(s);
  showShares("by_speed", s.by_speed, " m/s");
  showShares("by_object", s.by_object, "");
  showNews(s);
  showCameras(s.now.cameras);
  byId("seen").textContent = `seen at ${new Date().toLocaleTimeString([], { hour12: false })}`;
}

async function poll() {
  try {
    const answer = await fetch("status.json", { cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) });
    if (!answer.ok) throw new Error(answer.statusText);
    show(await answer.json());
    document.body.classList.remove("lost");
  } catch (error) {
    document.body.classList.add("lost");
    alarm(`no answer from the session: ${error.message}`, false);
  }
  setTimeout(poll, EVERY_MS);
}

poll();

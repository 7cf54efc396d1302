// The page of a certification that goes on, which counts a step's time down too.

import { keepUpToDate } from "./live.js";

function countDown() {
  for (const timer of document.querySelectorAll("[data-until]")) {
    const seconds = Math.max(0, Math.ceil((Date.parse(timer.dataset.until) - Date.now()) / 1000));
    const [minutes, rest] = [Math.floor(seconds / 60), seconds % 60];
    timer.textContent = `${minutes ? `${minutes} min ` : ""}${rest} s left`;
  }
}

function stepOf(page) {
  return page.querySelector("[data-step]")?.dataset.step;
}

function takeOver(fresh) {
  for (const part of document.querySelectorAll("[data-live]")) {
    const next = fresh.querySelector(`[data-live="${part.dataset.live}"]`);
    // The buttons of a step stay where they are as long as it is the same one.
    const isSame = part.dataset.live === "step" ? stepOf(document) === stepOf(fresh) : part.textContent === next?.textContent;
    if (next && !isSame) part.replaceChildren(...next.childNodes);
  }
  const [bar, next] = [document.querySelector(".console-progress"), fresh.querySelector(".console-progress")];
  if (bar && next) [bar.value, bar.max] = [next.value, next.max];
}

countDown();
setInterval(countDown, 1000);
keepUpToDate(takeOver);

// Keeps the page of a run that goes on up to date, and counts a step's time down. Without it, "Look again" does the same.

const live = document.getElementById("live");
const pause = document.getElementById("pause");
let isPaused = false;

pause.hidden = false;
pause.addEventListener("click", () => {
  isPaused = !isPaused;
  pause.setAttribute("aria-pressed", String(isPaused));
});

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

async function look() {
  if (!isPaused && !document.hidden) {
    try {
      const answer = await fetch(location.href, { redirect: "error" });
      if (answer.ok) {
        const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
        // A page of another shape is loaded whole: the pre-flight stopped the run, or it has ended.
        if (!fresh.getElementById("live")) { location.reload(); return; }
        takeOver(fresh);
      }
    } catch { /* the sandbox may be away for a moment */ }
  }
  setTimeout(look, live.dataset.every * 1000);
}

countDown();
setInterval(countDown, 1000);
setTimeout(look, live.dataset.every * 1000);

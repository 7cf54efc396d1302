// The page of a replay that goes on.

import { keepUpToDate } from "./live.js";

function parts(page) {
  return page.querySelectorAll("[data-live]").length;
}

function takeOver(fresh) {
  for (const part of document.querySelectorAll("[data-live]")) {
    const now = fresh.querySelector(`[data-live="${part.dataset.live}"]`);
    // What stays the same is left alone, so that a screen reader says only what is new.
    if (now && now.textContent !== part.textContent) part.replaceChildren(...now.childNodes);
  }
  const figures = fresh.querySelectorAll(".console-chart");
  document.querySelectorAll(".console-chart").forEach((figure, at) => {
    const [image, next] = [figure.querySelector("img"), figures[at].querySelector("img")];
    if (image.getAttribute("src") !== next.getAttribute("src")) image.src = next.getAttribute("src");
    image.alt = next.alt;
    figure.querySelector("tbody").replaceChildren(...figures[at].querySelector("tbody").childNodes);
  });
}

// Another shape: the replay has begun to tell.
keepUpToDate(takeOver, fresh => parts(fresh) === parts(document));

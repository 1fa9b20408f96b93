import { mount } from "svelte";
import App from "./App.svelte";
import "./app.css";
import { RELOADED } from "./openPhoto.svelte";
import { read, write } from "./storage";

// After an update of the server, an open page requests parts that are gone. It is reloaded once; not where the server
// cannot be reached, as the page would only be lost.
addEventListener("vite:preloadError", async () => {
  if (read(RELOADED, "sessionStorage")) return;
  try {
    await fetch("/healthz");
  } catch {
    return;
  }
  write(RELOADED, "yes", "sessionStorage");
  location.reload();
});

const target = document.getElementById("app");
if (target) mount(App, { target });

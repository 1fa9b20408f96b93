import { mount } from "svelte";
import App from "./App.svelte";
import "./app.css";

// A page that was open while a new version was installed asks for parts that are gone: it is loaded anew, once. Where the
// server cannot be reached, it would only be lost.
addEventListener("vite:preloadError", async () => {
  if (sessionStorage.getItem("reloaded")) return;
  try {
    await fetch("/healthz");
  } catch {
    return;
  }
  sessionStorage.setItem("reloaded", "yes");
  location.reload();
});

const target = document.getElementById("app");
if (target) mount(App, { target });

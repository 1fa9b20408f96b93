import { mount } from "svelte";
import App from "./App.svelte";
import "./app.css";

// A page that was open while a new version was installed asks for parts that are gone: it is loaded anew, once.
addEventListener("vite:preloadError", (event) => {
  if (sessionStorage.getItem("reloaded")) return;
  sessionStorage.setItem("reloaded", "yes");
  event.preventDefault();
  location.reload();
});

const target = document.getElementById("app");
if (target) mount(App, { target });

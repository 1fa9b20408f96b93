/** Whether the page fills the screen. */
export class Fullscreen {
  isOn = $state(document.fullscreenElement !== null);

  /** For the document's fullscreenchange. */
  update(): void {
    this.isOn = document.fullscreenElement !== null;
  }

  /** Rejects where the browser does not allow it. */
  async toggle(): Promise<void> {
    if (document.fullscreenElement) await document.exitFullscreen();
    else await document.documentElement.requestFullscreen();
  }

  close(): void {
    if (document.fullscreenElement) void document.exitFullscreen();
  }
}

/** Panoramas that turn: photo-sphere-viewer, loaded with the first one. */
import { EquirectangularAdapter, Viewer } from "@photo-sphere-viewer/core";
import "@photo-sphere-viewer/core/index.css";
import { VisibleRangePlugin } from "@photo-sphere-viewer/visible-range-plugin";
import type { Panorama } from "./details";
import type { Size } from "./zoom";

export interface PanoData {
  fullWidth: number;
  fullHeight: number;
  croppedWidth: number;
  croppedHeight: number;
  croppedX: number;
  croppedY: number;
}

/** In pixels of the picture as it is loaded, which may have been made smaller since its file was described. */
export function panoDataOf(panorama: Panorama, picture: Size): PanoData {
  const [across, down] = [picture.width / panorama.cropped_width, picture.height / panorama.cropped_height];
  return {
    fullWidth: Math.round(panorama.full_width * across),
    fullHeight: Math.round(panorama.full_height * down),
    croppedWidth: picture.width,
    croppedHeight: picture.height,
    croppedX: Math.round(panorama.cropped_left * across),
    croppedY: Math.round(panorama.cropped_top * down),
  };
}

/** Degrees that are seen from top to bottom, at most and at least. */
const MAX_FOV = 90;
const MIN_FOV = 20;

/** How closely a panorama is looked at first, 0..100: so that a low one fills the view. */
export function firstZoom({ cropped_height, full_height }: Panorama): number {
  const fov = Math.min(MAX_FOV, Math.max(MIN_FOV, (cropped_height / full_height) * 180 * 0.9));
  return ((MAX_FOV - fov) / (MAX_FOV - MIN_FOV)) * 100;
}

export interface Turning {
  zoomBy(steps: number): void;
  /** Radians. */
  turnBy(right: number, up: number): void;
}

/** Resolves when it can be turned; rejects where it cannot be drawn, as without WebGL, and with AbortError. */
export function turn(container: HTMLElement, url: string, panorama: Panorama, signal: AbortSignal): Promise<Turning> {
  const { full_width, full_height, cropped_left, cropped_top, cropped_width, cropped_height } = panorama;
  // Of a part of the sphere its middle is looked at first, not the dark behind it.
  const yaw = ((cropped_left + cropped_width / 2) / full_width - 0.5) * 2 * Math.PI;
  const pitch = (0.5 - (cropped_top + cropped_height / 2) / full_height) * Math.PI;
  return new Promise((resolve, reject) => {
    const viewer = new Viewer({
      container,
      adapter: EquirectangularAdapter.withConfig({ useXmpData: false }),
      plugins: [VisibleRangePlugin.withConfig({ usePanoData: true })],
      panorama: url,
      panoData: (image) => panoDataOf(panorama, image),
      navbar: false,
      keyboard: false,
      loadingTxt: "",
      defaultYaw: yaw,
      defaultPitch: pitch,
      defaultZoomLvl: firstZoom(panorama),
      minFov: MIN_FOV,
      maxFov: MAX_FOV,
      canvasBackground: "#000",
      moveInertia: !matchMedia("(prefers-reduced-motion: reduce)").matches,
    });
    const turning: Turning = {
      zoomBy: (steps) => viewer.zoom(viewer.getZoomLevel() + steps * 10),
      turnBy: (right, up) => {
        const { yaw: heading, pitch: height } = viewer.getPosition();
        viewer.rotate({ yaw: heading + right, pitch: height + up });
      },
    };
    let isDestroyed = false;
    const destroy = (reason: unknown) => {
      if (isDestroyed) return; // a second time throws
      isDestroyed = true;
      viewer.destroy();
      reject(reason);
    };
    signal.addEventListener("abort", () => destroy(new DOMException("", "AbortError")));
    viewer.addEventListener("ready", () => resolve(turning), { once: true });
    viewer.addEventListener("panorama-error", ({ error }) => destroy(error));
  });
}

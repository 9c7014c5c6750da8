"use client";

import { createContext, type ReactNode, useContext, useState } from "react";
import { noteRendering } from "./server-clock.ts";
import { useIsInBrowser } from "./use-is-in-browser.ts";

const RenderedAt = createContext<number | null>(null);

/** The first paint shows times relative to the moment when the control plane rendered the page. */
export function RenderedAtProvider({ ms, children }: { ms: number; children: ReactNode }) {
	const isBeingTakenOver = !useIsInBrowser();
	useState(() => {
		if (isBeingTakenOver && typeof window !== "undefined") noteRendering(ms);
	});
	return <RenderedAt value={ms}>{children}</RenderedAt>;
}

/** In ms of the control plane's time; null on a page that it didn't render. */
export function useRenderedAt(): number | null {
	return useContext(RenderedAt);
}

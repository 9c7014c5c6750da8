"use client";

import { useSyncExternalStore } from "react";
import { useRenderedAt } from "./rendered-at.tsx";
import { serverNow } from "./server-clock.ts";

/** A clock that the whole page shares: each tick re-renders what shows a time, so nothing else needs a timer. */
function createTicker(intervalMs: number) {
	const listeners = new Set<() => void>();
	let timer: ReturnType<typeof setInterval> | undefined;
	let now = serverNow();
	const tick = () => {
		now = serverNow();
		for (const listener of listeners) listener();
	};
	return {
		subscribe(listener: () => void): () => void {
			if (listeners.size === 0) {
				now = serverNow();
				timer = setInterval(tick, intervalMs);
			}
			listeners.add(listener);
			return () => {
				listeners.delete(listener);
				if (listeners.size === 0) clearInterval(timer);
			};
		},
		read: () => now,
	};
}

const everySecond = createTicker(1_000);
const often = createTicker(100);

/** The control plane's time in ms, to the second or a tenth of it; null while the console is being built. */
export function useNow(precision: "second" | "tenth" = "second"): number | null {
	const ticker = precision === "second" ? everySecond : often;
	const renderedAt = useRenderedAt();
	return useSyncExternalStore(ticker.subscribe, ticker.read, () => renderedAt);
}

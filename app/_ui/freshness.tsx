"use client";

import { useNow } from "../_lib/use-now.ts";

/** How old the data shown is. */
export function Freshness({ updatedAtMs }: { updatedAtMs: number }) {
	const nowMs = useNow();
	if (nowMs === null) return null;
	const seconds = Math.max(0, Math.round((nowMs - updatedAtMs) / 1_000));
	return <span className="text-xs tabular-nums">live · updated {seconds} s ago</span>;
}

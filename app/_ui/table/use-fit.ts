"use client";

import { type RefObject, useLayoutEffect, useRef, useState } from "react";

/** Columns in a narrower frame are hard to read even if they fit. The same width as in `cards` in globals.css. */
const NARROWEST_TABLE_PX = 560;

/**
 * Whether the frame has room for the table's columns with their present content. If not, the table shows rows as
 * cards, and as columns again once the frame is as wide as the table was.
 */
export function useFit(frame: RefObject<HTMLElement | null>, content: unknown): boolean {
	const [fits, setFits] = useState(true);
	const neededPx = useRef(0);
	useLayoutEffect(() => {
		const element = frame.current;
		if (element === null) return;
		const measure = () => {
			const room = element.clientWidth;
			if (room === 0) return;
			const tooNarrow = room < NARROWEST_TABLE_PX;
			if (fits) {
				if (element.scrollWidth > room) neededPx.current = element.scrollWidth;
				if (tooNarrow || element.scrollWidth > room) setFits(false);
			} else if (!tooNarrow && room >= neededPx.current) {
				setFits(true);
			}
		};
		measure();
		const observer = new ResizeObserver(measure);
		observer.observe(element);
		return () => observer.disconnect();
	}, [frame, fits, content]);
	return fits;
}

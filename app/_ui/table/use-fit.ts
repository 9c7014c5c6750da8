"use client";

import { type RefObject, useLayoutEffect, useState } from "react";

/** Columns in a narrower frame are hard to read even if they fit. The same width as in `cards` in globals.css. */
const NARROWEST_TABLE_PX = 560;

/**
 * Whether the frame has room for the table's columns with their present content. If not, the table shows rows as
 * cards. Measured again when the frame's width, the content or the font changes.
 */
export function useFit(frame: RefObject<HTMLElement | null>, content: unknown): boolean {
	const [fits, setFits] = useState(true);
	useLayoutEffect(() => {
		const element = frame.current;
		if (element === null) return;
		let isGone = false;
		const measure = () => {
			const room = element.clientWidth;
			if (isGone || room === 0) return;
			setFits(room >= NARROWEST_TABLE_PX && columnsFit(element));
		};
		measure();
		const observer = new ResizeObserver(measure);
		observer.observe(element);
		void document.fonts.ready.then(measure);
		return () => {
			isGone = true;
			observer.disconnect();
		};
	}, [frame, content]);
	return fits;
}

/** Lays the rows out as columns to measure them, and puts everything back before the browser paints. */
function columnsFit(frame: HTMLElement): boolean {
	const table = frame.querySelector("table");
	const cards = table?.getAttribute("data-cards") ?? null;
	// If the page got shorter, even for a moment, the browser would scroll.
	frame.style.minHeight = `${frame.offsetHeight}px`;
	table?.removeAttribute("data-cards");
	const fits = frame.scrollWidth <= frame.clientWidth;
	if (cards !== null) table?.setAttribute("data-cards", cards);
	frame.style.minHeight = "";
	return fits;
}

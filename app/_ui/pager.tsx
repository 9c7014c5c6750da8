"use client";

import { Button } from "@heroui/react";
import { ChevronLeft, ChevronRight } from "lucide-react";
import { useUrlParams } from "../_lib/use-url-params.ts";

interface PagerProps {
	/** The cursor of the next page, null on the last. */
	nextCursor: string | null;
	/** How many are shown, and of how many where that is known. */
	shown: number;
	total?: number;
	noun: string;
}

const trailKey = (cursor: string) => `larder.trail:${window.location.pathname}:${cursor}`;

/** Remembers which page led to a cursor, because cursors only point forward. */
function rememberTrail(cursor: string, from: string | null) {
	try {
		window.sessionStorage.setItem(trailKey(cursor), from ?? "");
	} catch {
		// Without storage, Previous leads to the first page.
	}
}

function readTrail(cursor: string): string | null {
	try {
		return window.sessionStorage.getItem(trailKey(cursor));
	} catch {
		return null;
	}
}

/** Steps through a list by cursor; the place is in the address. */
export function Pager({ nextCursor, shown, total, noun }: PagerProps) {
	const { params, change } = useUrlParams();
	const cursor = params.get("cursor");
	const isWhole = cursor === null && nextCursor === null;
	const count =
		total === undefined || (isWhole && total === shown)
			? `${shown} ${noun}`
			: `${shown} of ${total.toLocaleString("en-US")} ${noun}`;

	const forward = () => {
		if (nextCursor === null) return;
		rememberTrail(nextCursor, cursor);
		change({ cursor: nextCursor }, "push");
	};
	const back = () => {
		if (cursor !== null) change({ cursor: readTrail(cursor) }, "push");
	};
	return (
		<nav
			aria-label="Pages"
			className="flex min-h-11 items-center justify-between gap-3 border-t border-border px-4 py-1.5 text-[0.8125rem] text-muted"
		>
			<span className="tabular-nums">{count}</span>
			{!isWhole && (
				<span className="flex gap-2">
					<Button size="sm" variant="outline" isDisabled={cursor === null} onPress={back}>
						<ChevronLeft aria-hidden />
						Previous
					</Button>
					<Button size="sm" variant="outline" isDisabled={nextCursor === null} onPress={forward}>
						Next
						<ChevronRight aria-hidden />
					</Button>
				</span>
			)}
		</nav>
	);
}

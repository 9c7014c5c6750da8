"use client";

import Link from "next/link";
import { type ComponentProps, useState } from "react";

/**
 * A link within the console. It fetches its page once the pointer or the keyboard reaches it: fetching all visible
 * links' pages, as Next does by default, would make each first load wait for the code of every other page.
 */
export function PageLink(props: ComponentProps<typeof Link>) {
	const [isReached, setReached] = useState(false);
	return (
		<Link
			{...props}
			prefetch={isReached ? null : false}
			onPointerEnter={() => setReached(true)}
			onFocus={() => setReached(true)}
		/>
	);
}

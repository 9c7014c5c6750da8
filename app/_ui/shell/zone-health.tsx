"use client";

import type { z } from "zod";
import type { overviewSchema } from "../../../server/contract/account.ts";
import { plural } from "../../_lib/format/count.ts";
import { useOverview } from "../../_lib/queries.ts";
import { classNames } from "../class-names.ts";
import { PageLink } from "../page-link.tsx";

type Overview = z.infer<typeof overviewSchema>;

interface Health {
	tone: "good" | "warn" | "bad";
	text: string;
}

/** The fleet's health in a few words: a zone counts as healthy while all of its hosts are online. */
export function zoneHealth({
	zones,
	drainingHosts,
}: Pick<Overview, "zones" | "drainingHosts">): Health {
	if (zones.length === 0) return { tone: "bad", text: "No hosts" };
	const down = zones.filter((zone) => zone.online === 0);
	if (down.length > 0) {
		return { tone: "bad", text: `${down.length} of ${plural(zones.length, "zone")} down` };
	}
	const offline = zones.reduce((sum, zone) => sum + zone.hosts - zone.online, 0);
	if (offline > 0) return { tone: "warn", text: `${plural(offline, "host")} offline` };
	const [draining, ...more] = drainingHosts;
	if (draining !== undefined) {
		const text = more.length === 0 ? draining : plural(drainingHosts.length, "host");
		return { tone: "warn", text: `${text} draining` };
	}
	return { tone: "good", text: `${plural(zones.length, "zone")} healthy` };
}

const TONES = {
	good: "bg-success-soft text-success-soft-foreground",
	warn: "bg-warning-soft text-warning-soft-foreground",
	bad: "bg-danger-soft text-danger-soft-foreground",
};

export function ZoneHealth() {
	const { data, isError } = useOverview();
	const health: Health | null = isError
		? { tone: "bad", text: "Control plane unreachable" }
		: data === undefined
			? null
			: zoneHealth(data);
	return (
		// As wide as the usual words from the start, so that the search beside it doesn't move when they appear.
		<div role="status" className="hidden min-w-33 justify-end sm:flex">
			{health !== null && (
				<PageLink
					href="/hosts"
					className={classNames(
						"flex items-center gap-1.5 rounded-full px-2.5 py-1 text-xs font-semibold whitespace-nowrap",
						TONES[health.tone],
					)}
				>
					<span aria-hidden className="size-2 rounded-full bg-current" />
					{health.text}
				</PageLink>
			)}
		</div>
	);
}

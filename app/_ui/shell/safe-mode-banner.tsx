"use client";

import { ShieldCheck } from "lucide-react";
import Link from "next/link";
import { plural } from "../../_lib/format/count.ts";
import { useOverview } from "../../_lib/queries.ts";
import { Banner } from "../notices.tsx";

const NAMED = 4;

/** Why nothing is replaced just now: many hosts fell silent at once. */
export function SafeModeBanner() {
	const { data } = useOverview();
	const silent = data?.safeMode?.silentHosts;
	return (
		<div aria-live="polite">
			{silent !== undefined && (
				<div className="mb-4">
					<Banner
						tone="accent"
						icon={ShieldCheck}
						title={`Safe mode: ${plural(silent.length, "host")} fell silent at once`}
					>
						<p>
							Most likely it is the control plane that is cut off, so no node is replaced. Caches go
							on serving and fail over by themselves. It ends when hosts report again; those that
							won't come back can be removed under{" "}
							<Link href="/hosts" className="underline">
								Hosts
							</Link>
							.
						</p>
						<p className="mt-1 text-[0.8125rem] break-words text-muted">{namesOf(silent)}</p>
					</Banner>
				</div>
			)}
		</div>
	);
}

/** "a, b and 3 more" */
function namesOf(hosts: readonly string[]): string {
	const rest = hosts.length - NAMED;
	const shown = hosts.slice(0, NAMED).join(", ");
	return rest > 0 ? `${shown} and ${rest} more` : shown;
}

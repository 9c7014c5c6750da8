"use client";

import { HardDrive, ShieldCheck } from "lucide-react";
import { plural } from "../../_lib/format/count.ts";
import { useOverview } from "../../_lib/queries.ts";
import { Banner } from "../notices.tsx";
import { PageLink } from "../page-link.tsx";

const NAMED = 4;

/** What limits the control plane now: a full disk, or many hosts that stopped reporting together. */
export function SafeModeBanner() {
	const { data } = useOverview();
	const silent = data?.safeMode?.silentHosts;
	return (
		<div aria-live="polite">
			{data?.diskFull && (
				<div className="mb-4">
					<Banner tone="danger" icon={HardDrive} title="The control plane's disk is full">
						<p>
							Larder can't save changes until you free space on the disk that holds LARDER_HOME.
							Caches keep serving and fail over by themselves.
						</p>
					</Banner>
				</div>
			)}
			{silent !== undefined && (
				<div className="mb-4">
					<Banner
						tone="accent"
						icon={ShieldCheck}
						title={`Safe mode: ${plural(silent.length, "host")} stopped reporting at the same time`}
					>
						<p>
							The control plane is probably cut off from them, so it doesn't replace any nodes.
							Caches keep serving and fail over by themselves. Safe mode ends when the hosts report
							again. If a host won't come back, remove it on the{" "}
							<PageLink href="/hosts" className="underline">
								Hosts
							</PageLink>{" "}
							page.
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

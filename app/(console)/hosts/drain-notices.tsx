"use client";

import { Button } from "@heroui/react";
import type { Host } from "../../../server/contract/host.ts";
import { plural } from "../../_lib/format/count.ts";
import { Banner } from "../../_ui/notices.tsx";
import { StuckNodes, stuckGroups } from "./stuck-nodes.tsx";

interface DrainNoticesProps {
	hosts: readonly Host[];
	onAddHost: () => void;
	onStop: (host: Host) => void;
}

/** Drains that can't finish, above the table: why, and what to do. */
export function DrainNotices({ hosts, onAddHost, onStop }: DrainNoticesProps) {
	const stuck = hosts.filter(({ stuckNodes }) => stuckNodes.length > 0);
	return (
		<div aria-live="polite" className="flex flex-col gap-4 empty:hidden">
			{stuck.map((host) => (
				<Banner
					key={host.id}
					tone="warning"
					title={`${plural(host.stuckNodes.length, "node")} can't leave ${host.name}`}
				>
					<StuckNodes groups={stuckGroups(host.stuckNodes)} />
					<div className="mt-3 flex flex-wrap gap-2">
						<Button size="sm" variant="outline" onPress={onAddHost}>
							Add host
						</Button>
						{host.draining && (
							<Button size="sm" variant="outline" onPress={() => onStop(host)}>
								Stop draining {host.name}
							</Button>
						)}
					</div>
				</Banner>
			))}
		</div>
	);
}

import { Ban, CircleCheck, PackageOpen, Trash2 } from "lucide-react";
import type { Host } from "../../../server/contract/host.ts";
import { plural } from "../../_lib/format/count.ts";
import type { MenuAction } from "../../_ui/actions-menu.tsx";

export const HOST_DIALOGS = ["cordon", "uncordon", "drain", "remove", "stuck"] as const;
export type HostDialogName = (typeof HOST_DIALOGS)[number];

/** Actions on a host, with the reason why an action isn't possible. */
export function hostActions(host: Host, open: (dialog: HostDialogName) => void): MenuAction[] {
	return [
		host.cordoned || host.draining
			? {
					id: "uncordon",
					label: host.draining && host.nodeCount > 0 ? "Stop draining" : "Uncordon",
					icon: CircleCheck,
					run: () => open("uncordon"),
				}
			: { id: "cordon", label: "Cordon", icon: Ban, run: () => open("cordon") },
		{
			id: "drain",
			label: "Drain",
			icon: PackageOpen,
			obstacle: drainObstacle(host),
			run: () => open("drain"),
		},
		{
			id: "remove",
			label: "Remove",
			icon: Trash2,
			isDanger: true,
			obstacle: removeObstacle(host),
			run: () => open("remove"),
		},
	];
}

function drainObstacle(host: Host): string | null {
	if (host.draining) return host.nodeCount > 0 ? "It is being drained." : "It is already drained.";
	if (host.status === "offline") {
		return "It is offline, so its nodes can't be moved. Remove the host if it won't come back.";
	}
	return null;
}

function removeObstacle(host: Host): string | null {
	if (host.status === "offline" || host.nodeCount === 0) return null;
	return `It runs ${plural(host.nodeCount, "node")}. Drain it first.`;
}

/** The host is offline and has nodes: removing it declares that it won't come back. */
export function isGivenUp(host: Host): boolean {
	return host.status === "offline" && host.nodeCount > 0;
}

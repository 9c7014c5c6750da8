import { Button } from "@heroui/react";
import type { Host } from "../../../server/contract/host.ts";
import { plural } from "../../_lib/format/count.ts";
import { Dialog } from "../../_ui/dialog.tsx";
import { StuckNodes, stuckGroups } from "./stuck-nodes.tsx";

interface StuckDialogProps {
	host: Host;
	onAddHost: () => void;
	onStopDraining: () => void;
	onClose: () => void;
}

/**
 * Why nodes can't leave a draining or lost host, and what to do. The host's row opens it: a banner above the table would push the rows down
 * under the pointer. Mounted while it is open.
 */
export function StuckDialog({ host, onAddHost, onStopDraining, onClose }: StuckDialogProps) {
	const { stuckNodes } = host;
	return (
		<Dialog
			onClose={onClose}
			title={
				stuckNodes.length === 0
					? `No nodes are stuck on ${host.name}`
					: `${plural(stuckNodes.length, "node")} can't leave ${host.name}`
			}
			footer={
				<>
					{host.draining && host.nodeCount > 0 && (
						<Button variant="outline" onPress={onStopDraining}>
							Stop draining
						</Button>
					)}
					{stuckNodes.length > 0 && (
						<Button variant="outline" onPress={onAddHost}>
							Add host
						</Button>
					)}
					<Button onPress={onClose}>Close</Button>
				</>
			}
		>
			{stuckNodes.length === 0 ? (
				<p>
					{(host.draining || host.lost) && host.nodeCount > 0
						? "Larder is moving the remaining nodes to other hosts."
						: "Nothing on this host is waiting to move."}
				</p>
			) : (
				<>
					<StuckNodes groups={stuckGroups(stuckNodes)} />
					<p className="text-muted">Larder tries again automatically as soon as there is room.</p>
				</>
			)}
		</Dialog>
	);
}

"use client";

import { useMutation } from "@tanstack/react-query";
import type { Host } from "../../../server/contract/host.ts";
import { plural } from "../../_lib/format/count.ts";
import { useTRPC } from "../../_lib/trpc.ts";
import { ConfirmDialog } from "../../_ui/confirm-dialog.tsx";
import { DrainDialog } from "./drain-dialog.tsx";
import type { HostDialogName } from "./host-actions.ts";
import { RemoveHostDialog } from "./remove-host-dialog.tsx";
import { StuckDialog } from "./stuck-dialog.tsx";
import { useHostChanged } from "./use-host-changed.ts";

interface HostDialogProps {
	host: Host;
	dialog: HostDialogName;
	/** Replaces this dialog with another. */
	onOpen: (dialog: HostDialogName) => void;
	onAddHost: () => void;
	onClose: () => void;
}

/** Says what each change to a host does before it is made. Mounted while it is open. */
export function HostDialog({ host, dialog, onOpen, onAddHost, onClose }: HostDialogProps) {
	switch (dialog) {
		case "cordon":
			return <CordonDialog host={host} onClose={onClose} />;
		case "uncordon":
			return <UncordonDialog host={host} onClose={onClose} />;
		case "drain":
			return <DrainDialog host={host} onClose={onClose} />;
		case "remove":
			return <RemoveHostDialog host={host} onClose={onClose} />;
		case "stuck":
			return (
				<StuckDialog
					host={host}
					onAddHost={onAddHost}
					onStopDraining={() => onOpen("uncordon")}
					onClose={onClose}
				/>
			);
	}
}

type OwnProps = Pick<HostDialogProps, "host" | "onClose">;

function CordonDialog({ host, onClose }: OwnProps) {
	const trpc = useTRPC();
	const onSuccess = useHostChanged(onClose, `${host.name} is cordoned`);
	const cordon = useMutation(trpc.hosts.cordon.mutationOptions({ onSuccess }));
	return (
		<ConfirmDialog
			title={`Cordon ${host.name}?`}
			confirm="Cordon"
			failure="The host wasn't cordoned"
			change={cordon}
			onConfirm={() => cordon.mutate({ name: host.name })}
			onClose={onClose}
		>
			<p>
				No new nodes are placed on it until you uncordon it.{" "}
				{host.nodeCount === 0
					? "It runs none now."
					: `Its ${plural(host.nodeCount, "node")} ${host.nodeCount === 1 ? "keeps" : "keep"} serving.`}
			</p>
		</ConfirmDialog>
	);
}

function UncordonDialog({ host, onClose }: OwnProps) {
	const trpc = useTRPC();
	const onSuccess = useHostChanged(onClose, `${host.name} accepts new nodes again`);
	const uncordon = useMutation(trpc.hosts.uncordon.mutationOptions({ onSuccess }));
	const stops = host.draining && host.nodeCount > 0;
	return (
		<ConfirmDialog
			title={stops ? `Stop draining ${host.name}?` : `Uncordon ${host.name}?`}
			confirm={stops ? "Stop draining" : "Uncordon"}
			failure="The host wasn't changed"
			change={uncordon}
			onConfirm={() => uncordon.mutate({ name: host.name })}
			onClose={onClose}
		>
			<p>
				New nodes can be placed on it again.
				{stops &&
					` The ${plural(host.nodeCount, "node")} still on it ${host.nodeCount === 1 ? "stays" : "stay"} there. Once the caches whose nodes were moved have been healthy and unchanged for a minute, Larder spreads them over all hosts again.`}
			</p>
		</ConfirmDialog>
	);
}

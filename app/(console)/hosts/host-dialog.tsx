"use client";

import { Button } from "@heroui/react";
import { useMutation } from "@tanstack/react-query";
import type { ReactNode } from "react";
import type { Host } from "../../../server/contract/host.ts";
import { plural } from "../../_lib/format/count.ts";
import { useTRPC } from "../../_lib/trpc.ts";
import { Dialog } from "../../_ui/dialog.tsx";
import { ProblemBanner } from "../../_ui/notices.tsx";
import type { HostDialogName } from "./host-actions.ts";
import { RemoveHostDialog } from "./remove-host-dialog.tsx";
import { useHostChanged } from "./use-host-changed.ts";

interface HostDialogProps {
	host: Host;
	dialog: HostDialogName;
	onClose: () => void;
}

/** What each change of a host does, before it is done. Mounted while it is open. */
export function HostDialog({ host, dialog, onClose }: HostDialogProps) {
	switch (dialog) {
		case "cordon":
			return <CordonDialog host={host} onClose={onClose} />;
		case "uncordon":
			return <UncordonDialog host={host} onClose={onClose} />;
		case "drain":
			return <DrainDialog host={host} onClose={onClose} />;
		case "remove":
			return <RemoveHostDialog host={host} onClose={onClose} />;
	}
}

type OwnProps = Omit<HostDialogProps, "dialog">;

interface ConfirmProps {
	title: string;
	confirm: string;
	/** What didn't happen, when it failed. */
	failure: string;
	change: { isPending: boolean; isError: boolean; error: unknown };
	onConfirm: () => void;
	onClose: () => void;
	children: ReactNode;
}

function ConfirmDialog(props: ConfirmProps) {
	const { title, confirm, failure, change, onConfirm, onClose, children } = props;
	return (
		<Dialog
			isOpen
			onOpenChange={(isOpen) => !isOpen && onClose()}
			title={title}
			footer={
				<>
					<Button variant="outline" onPress={onClose}>
						Cancel
					</Button>
					<Button isPending={change.isPending} onPress={onConfirm}>
						{confirm}
					</Button>
				</>
			}
		>
			{change.isError && <ProblemBanner title={failure} error={change.error} />}
			{children}
		</Dialog>
	);
}

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
				It takes no new nodes until it is uncordoned.{" "}
				{host.nodeCount === 0
					? "It has none now."
					: `Its ${plural(host.nodeCount, "node")} ${host.nodeCount === 1 ? "stays and goes" : "stay and go"} on serving.`}
			</p>
		</ConfirmDialog>
	);
}

function UncordonDialog({ host, onClose }: OwnProps) {
	const trpc = useTRPC();
	const onSuccess = useHostChanged(onClose, `${host.name} takes nodes again`);
	const uncordon = useMutation(trpc.hosts.uncordon.mutationOptions({ onSuccess }));
	const stops = host.draining && host.nodeCount > 0;
	return (
		<ConfirmDialog
			title={stops ? `Stop draining ${host.name}?` : `Uncordon ${host.name}?`}
			confirm={stops ? "Stop draining" : "Uncordon"}
			failure="The host is as it was"
			change={uncordon}
			onConfirm={() => uncordon.mutate({ name: host.name })}
			onClose={onClose}
		>
			<p>
				It takes new nodes again.
				{stops &&
					` ${plural(host.nodeCount, "node")} that ${host.nodeCount === 1 ? "is" : "are"} still there ${host.nodeCount === 1 ? "stays" : "stay"}; those that were moved stay where they are now.`}
			</p>
		</ConfirmDialog>
	);
}

function DrainDialog({ host, onClose }: OwnProps) {
	const trpc = useTRPC();
	const onSuccess = useHostChanged(onClose, `${host.name} is being drained`);
	const drain = useMutation(trpc.hosts.drain.mutationOptions({ onSuccess }));
	return (
		<ConfirmDialog
			title={`Drain ${host.name}?`}
			confirm="Drain"
			failure="The host isn't being drained"
			change={drain}
			onConfirm={() => drain.mutate({ name: host.name })}
			onClose={onClose}
		>
			<ul className="flex list-disc flex-col gap-1.5 pl-5">
				<li>
					{host.nodeCount === 0
						? "It has no node to move."
						: `Its ${plural(host.nodeCount, "node")} ${host.nodeCount === 1 ? "is" : "are"} moved to other hosts with ${host.nodeCount === 1 ? "its" : "their"} data, one of a shard at a time.`}
				</li>
				<li>
					Each new node copies the data before the old one goes. Where a primary is to go, a replica
					takes over first: writes pause for some milliseconds, and none is lost.
				</li>
				<li>Memcached's nodes come up empty elsewhere: their keys are read anew.</li>
				<li>It takes no new nodes. You can stop it at any time.</li>
			</ul>
		</ConfirmDialog>
	);
}

"use client";

import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import type { Host } from "../../../server/contract/host.ts";
import { plural } from "../../_lib/format/count.ts";
import { useTRPC } from "../../_lib/trpc.ts";
import { Banner, ProblemBanner } from "../../_ui/notices.tsx";
import { TypedConfirmationDialog } from "../../_ui/typed-confirmation-dialog.tsx";
import { isGivenUp } from "./host-actions.ts";
import { useHostChanged } from "./use-host-changed.ts";

interface RemoveHostDialogProps {
	host: Host;
	onClose: () => void;
}

/** Takes a host out of the fleet: one that is empty, or one that won't come back. Mounted while it is open. */
export function RemoveHostDialog({ host, onClose }: RemoveHostDialogProps) {
	const trpc = useTRPC();
	// What was true when the dialog was opened decides what it asks; the API checks again.
	const [givesUp] = useState(() => isGivenUp(host));
	const onSuccess = useHostChanged(
		onClose,
		givesUp ? `Larder is removing ${host.name}` : `${host.name} was removed`,
	);
	// The menu doesn't offer this dialog then, but an address can open it.
	const hasNodes = !givesUp && host.nodeCount > 0;
	const remove = useMutation(trpc.hosts.remove.mutationOptions({ onSuccess }));
	return (
		<TypedConfirmationDialog
			title={givesUp ? `Remove ${host.name} as lost?` : `Remove ${host.name}?`}
			name={host.name}
			action={givesUp ? "Remove as lost" : "Remove host"}
			isObstructed={hasNodes}
			isPending={remove.isPending}
			onConfirm={() => remove.mutate({ name: host.name, ...(givesUp ? { lost: true } : {}) })}
			onClose={onClose}
		>
			{remove.isError && <ProblemBanner title="The host wasn't removed" error={remove.error} />}
			{givesUp ? (
				<GivenUp host={host} />
			) : hasNodes ? (
				<p>It runs {plural(host.nodeCount, "node")}. Drain it first.</p>
			) : (
				<p>
					It runs no nodes, so no data is lost. Afterward, run{" "}
					<code className="font-mono">larder stop</code> on its machine to end its agent, gateway
					and Sentinel. It needs a new token to join again.
				</p>
			)}
		</TypedConfirmationDialog>
	);
}

/** What is lost with a host that won't come back. */
function GivenUp({ host }: { host: Host }) {
	return (
		<>
			<Banner tone="warning" title="Data that only this host holds will be lost">
				It is offline and has {plural(host.nodeCount, "node")}. Remove it as lost only if it won't
				come back: data that has no copy on another host is lost for good, even if the machine is
				repaired.
			</Banner>
			<ul className="flex list-disc flex-col gap-1.5 pl-5">
				<li>Shards with a replica on another host keep their data and get a new node.</li>
				<li>Shards with all their nodes on this host start empty on another host.</li>
				<li>
					Make sure that the machine is switched off, or that clients can't reach it. Otherwise,
					engines still running there keep answering clients.
				</li>
			</ul>
		</>
	);
}

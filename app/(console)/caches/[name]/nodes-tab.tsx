"use client";

import { Button } from "@heroui/react";
import { ArrowRightLeft, RotateCw, Trash2 } from "lucide-react";
import { useState } from "react";
import type { Cache } from "../../../../server/contract/cache-view.ts";
import { plural } from "../../../_lib/format/count.ts";
import { ForAdministrators } from "../../../_ui/for-administrators.tsx";
import { Panel } from "../../../_ui/panel.tsx";
import { DataTable } from "../../../_ui/table/data-table.tsx";
import { nodesOf } from "../topology-words.ts";
import { MoveDialog, RebootDialog, RemoveDialog } from "./lazy-dialogs.tsx";
import { type NodeRow, nodeColumns } from "./node-columns.tsx";

export function NodesTab({ cache }: { cache: Cache }) {
	const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
	const [isRebooting, setRebooting] = useState(false);
	const [isMoving, setMoving] = useState(false);
	const [isRemoving, setRemoving] = useState(false);
	const rows: NodeRow[] = cache.shards.flatMap((shard, index) =>
		shard.nodes.map((node) => ({ ...node, shard: index + 1, slots: shard.slots })),
	);
	// A node that leaves the cache is no longer selected.
	const chosen = nodesOf(cache)
		.map(({ id }) => id)
		.filter((id) => selected.has(id));
	const toggle = (ids: readonly string[], isChosen: boolean) =>
		setSelected((old) => {
			const next = new Set(old);
			for (const id of ids) {
				if (isChosen) next.add(id);
				else next.delete(id);
			}
			return next;
		});
	const [only] = chosen.length === 1 ? rows.filter(({ id }) => id === chosen[0]) : [];
	const mayLeave =
		chosen.length > 0 &&
		chosen.length < rows.length &&
		rows.every(({ id, role }) => role !== "primary" || !chosen.includes(id));
	// How many nodes a serverless cache has is Larder's to decide.
	const canRemove = cache.kind === "provisioned";
	const columns = nodeColumns({ cache, rows, chosen: new Set(chosen), toggle });
	if (rows.length === 0) {
		return (
			<Panel flush>
				<p className="px-4 py-10 text-center text-sm text-muted">No nodes are placed yet.</p>
			</Panel>
		);
	}
	return (
		<>
			<div className="mb-3 flex flex-wrap items-center justify-between gap-2">
				<p className="text-[0.8125rem] text-muted" aria-live="polite">
					{chosen.length === 0
						? `${plural(rows.length, "node")}. ${canRemove ? "Select nodes to reboot or remove, or one node to move. You can't remove a primary." : "Select nodes to reboot, or one node to move."}`
						: `${chosen.length} of ${plural(rows.length, "node")} selected`}
				</p>
				<ForAdministrators>
					<span className="flex flex-wrap gap-2">
						<Button
							variant="outline"
							size="sm"
							isDisabled={only === undefined || cache.status === "deleting"}
							onPress={() => setMoving(true)}
						>
							<ArrowRightLeft aria-hidden />
							Move selected
						</Button>
						<Button
							variant="outline"
							size="sm"
							isDisabled={chosen.length === 0 || cache.status === "deleting"}
							onPress={() => setRebooting(true)}
						>
							<RotateCw aria-hidden />
							Reboot selected
						</Button>
						{canRemove && (
							<Button
								variant="outline"
								size="sm"
								isDisabled={!mayLeave || cache.status === "deleting"}
								onPress={() => setRemoving(true)}
							>
								<Trash2 aria-hidden />
								Remove selected
							</Button>
						)}
					</span>
				</ForAdministrators>
			</div>
			<Panel flush>
				<DataTable
					label={`Nodes of ${cache.name}`}
					columns={columns}
					rows={rows}
					rowKey={(node) => node.id}
					sorting={{ by: "rows" }}
				/>
			</Panel>
			{isMoving && only !== undefined && (
				<MoveDialog cache={cache} node={only} onClose={() => setMoving(false)} />
			)}
			{isRemoving && (
				<RemoveDialog cache={cache} nodes={chosen} onClose={() => setRemoving(false)} />
			)}
			{isRebooting && (
				<RebootDialog cache={cache} nodes={chosen} onClose={() => setRebooting(false)} />
			)}
		</>
	);
}

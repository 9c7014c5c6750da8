"use client";

import { toast } from "@heroui/react";
import { useState } from "react";
import type { Cache, CacheNode } from "../../../../server/contract/cache-view.ts";
import { FormDialog } from "../../../_ui/form-dialog.tsx";
import { ProblemBanner } from "../../../_ui/notices.tsx";
import { SelectField } from "../../../_ui/select-field.tsx";
import { useOnlineHosts } from "../create/use-online-hosts.ts";
import { ShapePreview } from "./shape-preview.tsx";
import { useModify } from "./use-modify.ts";

interface MoveDialogProps {
	cache: Cache;
	node: CacheNode;
	onClose: () => void;
}

/** Chooses the host that a node moves to, and shows what that does. Mounted while it is open. */
export function MoveDialog({ cache, node, onClose }: MoveDialogProps) {
	const [host, setHost] = useState("");
	const hosts = useOnlineHosts() ?? [];
	const modify = useModify(cache.name, () => {
		toast.success(`${node.id} will move to ${host}`);
		onClose();
	});
	const moves = [{ node: node.id, host }];
	const options = hosts
		.filter(({ name }) => name !== node.host)
		.map(({ name, zone }) => ({ value: name, label: name, detail: `zone ${zone}` }));
	return (
		<FormDialog
			onClose={onClose}
			title={`Move ${node.id}`}
			size="md"
			action="Move node"
			isDisabled={host === ""}
			isPending={modify.isPending}
			onSubmit={() => modify.mutate({ moves })}
		>
			{modify.isError && <ProblemBanner title="The node wasn't moved" error={modify.error} />}
			<p className="text-[0.8125rem]">
				{node.id} is on {node.host} (zone {node.zone}).{" "}
				{cache.engine === "memcached"
					? "A new process takes its place and starts empty."
					: "A new process copies its data and then takes its place; clients must reconnect."}
			</p>
			<SelectField
				label="Host"
				placeholder="Choose a host"
				value={host}
				options={options}
				onChange={setHost}
			/>
			{host !== "" && <ShapePreview name={cache.name} moves={moves} />}
		</FormDialog>
	);
}

"use client";

import { toast } from "@heroui/react";
import { useState } from "react";
import type { Cache } from "../../../../server/contract/cache-view.ts";
import { plural } from "../../../_lib/format/count.ts";
import { FormDialog } from "../../../_ui/form-dialog.tsx";
import { ProblemBanner } from "../../../_ui/notices.tsx";
import type { ModifyDraft } from "./modify/modification.ts";
import { ShapePreview } from "./shape-preview.tsx";
import { useModify } from "./use-modify.ts";
import { WhenField } from "./when-field.tsx";

interface RemoveDialogProps {
	cache: Cache;
	/** Names of the nodes to remove. */
	nodes: readonly string[];
	onClose: () => void;
}

/** Takes chosen replicas or Memcached nodes out of the cache, and shows what that does. Mounted while it is open. */
export function RemoveDialog({ cache, nodes, onClose }: RemoveDialogProps) {
	const [apply, setApply] = useState<ModifyDraft["apply"]>("now");
	const names = nodes.join(", ");
	const modify = useModify(cache.name, () => {
		const when = apply === "now" ? "" : " in the maintenance window";
		toast.success(`${names} will be removed${when}`);
		onClose();
	});
	const changes = { removeNodes: [...nodes], ...(apply === "window" && { apply }) };
	return (
		<FormDialog
			onClose={onClose}
			title={`Remove ${nodes.length === 1 ? names : plural(nodes.length, "node")}`}
			size="md"
			action={nodes.length === 1 ? "Remove node" : "Remove nodes"}
			isPending={modify.isPending}
			onSubmit={() => modify.mutate(changes)}
		>
			{modify.isError && <ProblemBanner title="Nothing was removed" error={modify.error} />}
			<p className="text-[0.8125rem]">
				{cache.engine === "memcached"
					? "Keys on removed nodes are lost. Clients get a minute to learn which nodes remain."
					: "Larder removes a replica once no endpoint routes clients to it. Its shard then has one replica fewer."}
			</p>
			<WhenField value={apply} onChange={setApply} />
			<ShapePreview name={cache.name} {...changes} />
		</FormDialog>
	);
}

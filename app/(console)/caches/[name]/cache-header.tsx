"use client";

import { Button } from "@heroui/react";
import { Plug, Trash2 } from "lucide-react";
import { useState } from "react";
import type { Cache } from "../../../../server/contract/cache.ts";
import { plural } from "../../../_lib/format/count.ts";
import { Chip } from "../../../_ui/chip.tsx";
import { PageHeader } from "../../../_ui/page-header.tsx";
import { Status } from "../../../_ui/status.tsx";
import { DeleteDialog } from "./delete-dialog.tsx";

export function topologyWords(cache: Cache): string {
	const shards = plural(Math.max(1, cache.shards.length), "shard");
	return cache.replicasPerShard === 0
		? `${shards}, no replica`
		: `${shards} × ${plural(cache.replicasPerShard, "replica")}`;
}

export function CacheHeader({ cache, onConnect }: { cache: Cache; onConnect: () => void }) {
	const [isDeleting, setDeleting] = useState(false);
	return (
		<>
			<PageHeader
				crumbs={[{ label: "Caches", href: "/caches" }, { label: cache.name }]}
				title={cache.name}
				meta={
					<>
						<Status status={cache.status} />
						<Chip>Valkey {cache.engineVersion}</Chip>
						<Chip>{topologyWords(cache)}</Chip>
						{cache.multiAz && <Chip>Multi-AZ</Chip>}
					</>
				}
				actions={
					<>
						<Button variant="outline" onPress={onConnect}>
							<Plug aria-hidden />
							Connect
						</Button>
						<Button
							variant="outline"
							className="text-danger-soft-foreground"
							isDisabled={cache.status === "deleting"}
							onPress={() => setDeleting(true)}
						>
							<Trash2 aria-hidden />
							Delete
						</Button>
					</>
				}
				{...(cache.description === "" ? {} : { description: cache.description })}
			/>
			<DeleteDialog cache={cache} isOpen={isDeleting} onOpenChange={setDeleting} />
		</>
	);
}

"use client";

import { Archive } from "lucide-react";
import type { Cache } from "../../../../../server/contract/cache-view.ts";
import { EmptyState } from "../../../../_ui/notices.tsx";
import { Panel } from "../../../../_ui/panel.tsx";
import { MEMCACHED_OBSTACLE } from "../../../backups/snapshot-words.ts";
import { CacheSnapshots } from "./cache-snapshots.tsx";
import { DailyPanel } from "./daily-panel.tsx";

/** The cache's snapshots, and when Larder takes them by itself. */
export function BackupsTab({ cache }: { cache: Cache }) {
	if (cache.engine === "memcached") {
		return (
			<Panel flush>
				<EmptyState icon={Archive} title="Memcached has no snapshots">
					{MEMCACHED_OBSTACLE}
				</EmptyState>
			</Panel>
		);
	}
	return (
		<div className="flex flex-col gap-4">
			<DailyPanel cache={cache} />
			<CacheSnapshots cache={cache} />
		</div>
	);
}

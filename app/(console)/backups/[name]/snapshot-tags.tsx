import type { Snapshot } from "../../../../server/contract/snapshot.ts";
import { Panel } from "../../../_ui/panel.tsx";

export function SnapshotTags({ snapshot }: { snapshot: Snapshot }) {
	const tags = Object.entries(snapshot.tags);
	return (
		<Panel title="Tags">
			{tags.length === 0 ? (
				<p className="text-sm text-muted">This snapshot has no tags.</p>
			) : (
				<dl className="flex flex-col gap-2">
					{tags.map(([key, value]) => (
						<div key={key} className="flex justify-between gap-4">
							<dt className="min-w-0 text-muted wrap-anywhere">{key}</dt>
							<dd className="min-w-0 text-right wrap-anywhere">{value}</dd>
						</div>
					))}
				</dl>
			)}
		</Panel>
	);
}

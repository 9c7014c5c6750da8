import type { Snapshot } from "../../../../server/contract/snapshot.ts";
import { Panel } from "../../../_ui/panel.tsx";
import { TagList } from "../../../_ui/tag-list.tsx";

export function SnapshotTags({ snapshot }: { snapshot: Snapshot }) {
	const tags = Object.entries(snapshot.tags);
	return (
		<Panel title="Tags">
			{tags.length === 0 ? (
				<p className="text-sm text-muted">This snapshot has no tags.</p>
			) : (
				<TagList tags={tags} />
			)}
		</Panel>
	);
}

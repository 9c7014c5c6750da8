"use client";

import { CircleX, LoaderCircle, Trash2 } from "lucide-react";
import type { Snapshot, SnapshotKind } from "../../../../server/contract/snapshot.ts";
import { Banner } from "../../../_ui/notices.tsx";
import { SnapshotProgress } from "../snapshot-progress.tsx";
import { UploadNotice } from "./upload-notice.tsx";

const TAKEN = {
	title: "Being taken",
	text: "Hosts copy each shard's data to a file, and send it to the store. Larder then checks it.",
};

const BUSY: Readonly<Record<SnapshotKind, { title: string; text: string }>> = {
	...{ manual: TAKEN, automatic: TAKEN, final: TAKEN },
	copy: { title: "Being copied", text: "Larder copies its files and compares their checksums." },
	imported: { title: "Being imported", text: "Larder reads each file to its end." },
};

/** Why the snapshot isn't available, and what happens next. */
export function SnapshotNotice({ snapshot }: { snapshot: Snapshot }) {
	if (snapshot.status === "available") return null;
	return (
		<div className="mb-4" aria-live="polite">
			<Notice snapshot={snapshot} />
		</div>
	);
}

function Notice({ snapshot }: { snapshot: Snapshot }) {
	const { kind, status, statusReason } = snapshot;
	switch (status) {
		case "creating":
			return snapshot.awaitsUpload ? (
				<UploadNotice snapshot={snapshot} />
			) : (
				<Banner tone="accent" icon={LoaderCircle} title={BUSY[kind].title}>
					<p className="mb-2">{statusReason ?? BUSY[kind].text}</p>
					<SnapshotProgress snapshot={snapshot} />
				</Banner>
			);
		case "failed":
			return (
				<Banner tone="danger" icon={CircleX} title="This snapshot failed">
					{statusReason ?? "Larder doesn't know why."} Nothing of it can be restored. Delete it, and
					take another one.
				</Banner>
			);
		case "deleting":
			return (
				<Banner tone="neutral" icon={Trash2} title="Deleting">
					{statusReason ?? "Larder is removing its files from the store."}
				</Banner>
			);
		case "available":
			return null;
	}
}

"use client";

import { Button } from "@heroui/react";
import { FileUp } from "lucide-react";
import { useState } from "react";
import type { Snapshot } from "../../../../server/contract/snapshot.ts";
import { formatBytes } from "../../../_lib/format/bytes.ts";
import { plural } from "../../../_lib/format/count.ts";
import { startUpload, type Upload, useUpload } from "../../../_lib/uploads.ts";
import { ForAdministrators } from "../../../_ui/for-administrators.tsx";
import { Banner } from "../../../_ui/notices.tsx";
import { UsageBar } from "../../../_ui/usage-bar.tsx";
import { FilesField } from "../files-field.tsx";

/** How much of the files has been sent, or the way to continue an upload that broke off. */
export function UploadNotice({ snapshot }: { snapshot: Snapshot }) {
	const upload = useUpload(snapshot.name);
	if (upload !== null && upload.problem === null) {
		return (
			<Banner tone="accent" icon={FileUp} title="Uploading">
				<Sent upload={upload} />
			</Banner>
		);
	}
	return (
		<Banner
			tone="warning"
			icon={FileUp}
			title={upload === null ? "Waiting for its files" : "The upload broke off"}
		>
			<p className="mb-3">
				{upload?.problem ??
					snapshot.statusReason ??
					"They are uploaded by another tab, or by the command line."}
			</p>
			<ForAdministrators>
				<Continue snapshot={snapshot} />
			</ForAdministrators>
		</Banner>
	);
}

function Sent({ upload: { sentBytes, totalBytes } }: { upload: Upload }) {
	return (
		<div className="flex flex-col gap-1.5">
			<UsageBar label="Progress of the upload" used={sentBytes} total={totalBytes} />
			<p className="text-xs text-muted tabular-nums">
				{formatBytes(sentBytes)} of {formatBytes(totalBytes)}. Keep this tab open until they are
				sent.
			</p>
		</div>
	);
}

/** The browser forgets files when a page is reloaded, so the same ones must be chosen again. */
function Continue({ snapshot: { name, shards } }: { snapshot: Snapshot }) {
	const [files, setFiles] = useState<readonly File[]>([]);
	return (
		<div className="flex flex-col items-start gap-3">
			<FilesField
				files={files}
				onChange={setFiles}
				hint={`Choose the same ${plural(shards.length, "file")} to continue where it broke off.`}
			/>
			<Button
				size="sm"
				isDisabled={files.length !== shards.length}
				onPress={() => void startUpload(name, files)}
			>
				Continue the upload
			</Button>
		</div>
	);
}

"use client";

import { Button } from "@heroui/react";
import { FileUp, Pause, Play } from "lucide-react";
import { useState } from "react";
import type { Snapshot } from "../../../../server/contract/snapshot.ts";
import { formatBytes } from "../../../_lib/format/bytes.ts";
import { plural } from "../../../_lib/format/count.ts";
import {
	pauseUpload,
	resumeUpload,
	startUpload,
	type Upload,
	useUpload,
} from "../../../_lib/uploads.ts";
import { ForAdministrators } from "../../../_ui/for-administrators.tsx";
import { Banner } from "../../../_ui/notices.tsx";
import { UsageBar } from "../../../_ui/usage-bar.tsx";
import { FilesField } from "../files-field.tsx";

const TITLES: Readonly<Record<Upload["state"], string>> = {
	sending: "Uploading",
	interrupted: "The connection broke off; trying again",
	paused: "The upload is paused",
	ended: "The upload broke off",
};

/** How much of the files has been sent, or the way to continue an upload that broke off. */
export function UploadNotice({ snapshot }: { snapshot: Snapshot }) {
	const upload = useUpload(snapshot.name);
	if (upload !== null) return <OwnUpload name={snapshot.name} upload={upload} />;
	return (
		<Banner tone="warning" icon={FileUp} title="Waiting for its files">
			<p className="mb-3">
				{snapshot.statusReason ?? "They are uploaded by another tab, or by the command line."}
			</p>
			<ForAdministrators>
				<ChooseAgain snapshot={snapshot} />
			</ForAdministrators>
		</Banner>
	);
}

/** Of this tab, which still has the files. */
function OwnUpload({ name, upload }: { name: string; upload: Upload }) {
	const { state, problem } = upload;
	const isBusy = state === "sending" || state === "interrupted";
	return (
		<Banner
			tone={state === "sending" ? "accent" : "warning"}
			icon={FileUp}
			title={TITLES[state]}
			action={
				isBusy ? (
					<Button size="sm" variant="outline" onPress={() => pauseUpload(name)}>
						<Pause aria-hidden />
						Pause
					</Button>
				) : (
					<Button size="sm" variant="outline" onPress={() => resumeUpload(name)}>
						<Play aria-hidden />
						Continue
					</Button>
				)
			}
		>
			{problem !== null && <p className="mb-2">{problem}</p>}
			<Sent upload={upload} />
		</Banner>
	);
}

function Sent({ upload: { state, sentBytes, totalBytes } }: { upload: Upload }) {
	const isBusy = state === "sending" || state === "interrupted";
	return (
		<div className="flex flex-col gap-1.5">
			<UsageBar label="Progress of the upload" used={sentBytes} total={totalBytes} />
			<p className="text-xs text-muted tabular-nums">
				{formatBytes(sentBytes)} of {formatBytes(totalBytes)}.{" "}
				{isBusy
					? "Keep this tab open until they are sent."
					: "It goes on where it was. Larder keeps what has arrived for a day."}
			</p>
		</div>
	);
}

/** The browser forgets files when a page is reloaded, so the same ones must be chosen again. */
function ChooseAgain({ snapshot: { name, shards } }: { snapshot: Snapshot }) {
	const [files, setFiles] = useState<readonly File[]>([]);
	return (
		<div className="flex flex-col items-start gap-3">
			<FilesField
				files={files}
				onChange={setFiles}
				hint={`Choose the same ${shards.length === 1 ? "file" : plural(shards.length, "file")} to continue where it broke off.`}
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

"use client";

import { Button } from "@heroui/react";
import type { ReactNode } from "react";
import { Dialog } from "./dialog.tsx";
import { ProblemBanner } from "./notices.tsx";

interface ConfirmDialogProps {
	title: string;
	confirm: string;
	/** The button that leaves everything as it is. */
	cancel?: string;
	/** The change can't be undone. */
	isDanger?: boolean;
	/** True while an obstacle prevents the change; the children explain it. */
	isObstructed?: boolean;
	/** What didn't happen, if the change failed. */
	failure: string;
	change: { isPending: boolean; isError: boolean; error: unknown };
	onConfirm: () => void;
	onClose: () => void;
	children: ReactNode;
}

/** Says what a change does before it is made. Mounted while it is open. */
export function ConfirmDialog(props: ConfirmDialogProps) {
	const { title, confirm, cancel = "Cancel", isDanger = false, isObstructed = false } = props;
	const { failure, change, onConfirm, onClose, children } = props;
	return (
		<Dialog
			onClose={onClose}
			title={title}
			footer={
				<>
					<Button variant="outline" onPress={onClose}>
						{cancel}
					</Button>
					<Button
						{...(isDanger ? { variant: "danger" as const } : {})}
						isDisabled={isObstructed}
						isPending={change.isPending}
						onPress={onConfirm}
					>
						{confirm}
					</Button>
				</>
			}
		>
			{change.isError && <ProblemBanner title={failure} error={change.error} />}
			{children}
		</Dialog>
	);
}

"use client";

import { Button } from "@heroui/react";
import { type ReactNode, type SubmitEvent, useId } from "react";
import { Dialog } from "./dialog.tsx";

interface FormDialogProps {
	onClose: () => void;
	title: string;
	/** Label of the button that submits. */
	action: string;
	/** True while what is typed can't be sent. */
	isDisabled?: boolean;
	isPending: boolean;
	size?: "md" | "lg";
	/** Not called while a submit is pending. */
	onSubmit: () => void;
	children: ReactNode;
}

/** A dialog that is one form. */
export function FormDialog(props: FormDialogProps) {
	const { onClose, title, action, isDisabled = false, isPending, size = "md" } = props;
	const { onSubmit, children } = props;
	const formId = useId();
	const submit = (event: SubmitEvent<HTMLFormElement>) => {
		event.preventDefault();
		if (!isDisabled && !isPending) onSubmit();
	};
	return (
		<Dialog
			onClose={onClose}
			title={title}
			size={size}
			footer={
				<>
					<Button variant="outline" onPress={onClose}>
						Cancel
					</Button>
					<Button type="submit" form={formId} isDisabled={isDisabled} isPending={isPending}>
						{action}
					</Button>
				</>
			}
		>
			<form id={formId} onSubmit={submit} noValidate className="flex flex-col gap-4">
				{children}
			</form>
		</Dialog>
	);
}

"use client";

import { Button } from "@heroui/react";
import { type ReactNode, type SubmitEvent, useId, useState } from "react";
import { Dialog } from "./dialog.tsx";
import { FormTextField } from "./form-fields.tsx";

interface TypedConfirmationDialogProps {
	title: string;
	/** The name that the user must type before the action is possible. */
	name: string;
	/** The action's label. */
	action: string;
	/** True while another obstacle prevents the change; the children explain it. */
	isObstructed?: boolean;
	isPending: boolean;
	onConfirm: () => void;
	onClose: () => void;
	children: ReactNode;
}

/** A dialog for an action that can't be undone. Mounted only while it is open. */
export function TypedConfirmationDialog(props: TypedConfirmationDialogProps) {
	const { title, name, action, isObstructed = false, isPending, onConfirm, onClose } = props;
	const formId = useId();
	const [typed, setTyped] = useState("");
	const isConfirmed = typed.trim() === name && !isObstructed;
	const submit = (event: SubmitEvent<HTMLFormElement>) => {
		event.preventDefault();
		if (isConfirmed && !isPending) onConfirm();
	};
	return (
		<Dialog
			onClose={onClose}
			title={title}
			footer={
				<>
					<Button variant="outline" onPress={onClose}>
						Keep it
					</Button>
					<Button
						type="submit"
						form={formId}
						variant="danger"
						isDisabled={!isConfirmed}
						isPending={isPending}
					>
						{action}
					</Button>
				</>
			}
		>
			{props.children}
			<form id={formId} onSubmit={submit} noValidate>
				<FormTextField
					label={`Type ${name} to confirm`}
					name="confirmation"
					value={typed}
					onChange={setTyped}
					autoFocus
					autoComplete="off"
					isMonospace
				/>
			</form>
		</Dialog>
	);
}

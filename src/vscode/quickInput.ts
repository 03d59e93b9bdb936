// One question in VS Code's quick input: a text, one of a list, some of a list. Escape gives up.
import {
  Disposable as Subscription,
  QuickInputButtons,
  QuickPickItemKind,
  ThemeIcon,
  window,
  type QuickInput,
  type QuickInputButton,
  type QuickPickItem,
} from 'vscode';
import { ConnectError } from '../core/errors.ts';
import type { Disposable } from '../core/ports.ts';
import { cleanText } from '../core/present/plainText.ts';
import { back, type Question } from './questions.ts';

export interface Choice<T> {
  readonly label: string;
  readonly description?: string;
  readonly detail?: string;
  /** Id of a ThemeIcon. */
  readonly icon?: string;
  /** Starts a group of this name. */
  readonly group?: string;
  /** What choosing it answers; without, it only tells something. */
  readonly answer?: T;
  readonly picked?: boolean;
}

/** In a list an icon could be drawn by text: `$(name)`. */
const plain = (text: string, max?: number): string => cleanText(text, max).replaceAll('$(', '$ (');

interface ChoiceItem<T> extends QuickPickItem {
  readonly choice?: Choice<T>;
}

function itemsOf<T>(choices: readonly Choice<T>[]): readonly ChoiceItem<T>[] {
  return choices.flatMap((choice) => {
    const { label, description = '', detail, icon, group, picked } = choice;
    const item: ChoiceItem<T> = {
      label: plain(label, 200),
      description: plain(description),
      choice,
      ...(detail === undefined ? {} : { detail: plain(detail, 300) }),
      ...(icon === undefined ? {} : { iconPath: new ThemeIcon(icon) }),
      ...(picked === undefined ? {} : { picked }),
    };
    const separator = { label: group ?? '', kind: QuickPickItemKind.Separator };
    return group === undefined ? [item] : [separator, item];
  });
}

/** Asks for a text until it is one that `problem` finds nothing wrong with. */
export function text(options: {
  readonly title: string;
  readonly prompt: string;
  readonly placeholder: string;
  readonly value?: string;
  readonly problem: (text: string) => string | undefined;
}): Question<string> {
  return ({ step }) => {
    const input = window.createInputBox();
    input.prompt = options.prompt;
    input.placeholder = options.placeholder;
    input.value = options.value ?? '';
    return shown(input, { step, title: options.title }, (answer) => [
      input.onDidChangeValue(() => {
        input.validationMessage = undefined;
      }),
      input.onDidAccept(() => {
        input.validationMessage = options.problem(input.value);
        if (input.validationMessage === undefined) answer(input.value.trim());
      }),
      input.onDidTriggerButton((button) => {
        if (button === QuickInputButtons.Back) answer(back);
      }),
    ]);
  };
}

/** Asks for one of the choices; while they are being looked up it is busy, and giving up ends that. */
export function oneOf<T>(options: {
  readonly title: string;
  readonly placeholder: string;
  readonly busy?: string;
  readonly choices: (signal: AbortSignal) => Promise<readonly Choice<T>[]> | readonly Choice<T>[];
}): Question<T> {
  return ({ step }) => {
    const input = window.createQuickPick<ChoiceItem<T>>();
    input.matchOnDescription = true;
    input.matchOnDetail = true;
    input.placeholder = options.busy ?? options.placeholder;
    input.busy = true;
    return shown(input, { step, title: options.title }, (answer, fail, signal) => {
      Promise.resolve(options.choices(signal)).then((choices) => {
        if (signal.aborted) return;
        input.items = itemsOf(choices);
        input.placeholder = options.placeholder;
        input.busy = false;
      }, fail);
      return [
        input.onDidAccept(() => {
          const choice = input.selectedItems[0]?.choice;
          if (choice !== undefined && 'answer' in choice) answer(choice.answer);
        }),
        input.onDidTriggerButton((button) => {
          if (button === QuickInputButtons.Back) answer(back);
        }),
      ];
    });
  };
}

/** Asks for any of the choices, none included. */
export function someOf<T>(options: {
  readonly title: string;
  readonly placeholder: string;
  readonly choices: readonly (Choice<T> & { readonly answer: T })[];
}): Question<readonly T[]> {
  return ({ step }) => {
    const input = window.createQuickPick<ChoiceItem<T>>();
    input.canSelectMany = true;
    input.placeholder = options.placeholder;
    input.items = itemsOf(options.choices);
    input.selectedItems = input.items.filter(({ choice }) => choice?.picked === true);
    return shown(input, { step, title: options.title }, (answer) => [
      input.onDidAccept(() => {
        const chosen = new Set(input.selectedItems.map(({ choice }) => choice));
        answer(options.choices.filter((one) => chosen.has(one)).map((one) => one.answer));
      }),
      input.onDidTriggerButton((button) => {
        if (button === QuickInputButtons.Back) answer(back);
      }),
    ]);
  };
}

type Listen<T> = (
  answer: (value: T | typeof back) => void,
  fail: (reason: unknown) => void,
  signal: AbortSignal,
) => readonly Disposable[];

/** Shows the input until it is answered or hidden. @throws user.cancelled */
async function shown<T>(
  input: QuickInput & { buttons: readonly QuickInputButton[] },
  { step, title }: { readonly step: number; readonly title: string },
  listen: Listen<T>,
): Promise<T | typeof back> {
  const gone = new AbortController();
  input.title = title;
  input.ignoreFocusOut = true;
  input.buttons = step > 1 ? [QuickInputButtons.Back] : [];
  const subscriptions: Disposable[] = [input];
  try {
    return await new Promise<T | typeof back>((resolve, reject) => {
      const hidden = input.onDidHide(() => {
        reject(new ConnectError('user.cancelled'));
      });
      subscriptions.push(hidden, ...listen(resolve, reject, gone.signal));
      input.show();
    });
  } finally {
    gone.abort();
    Subscription.from(...subscriptions).dispose();
  }
}

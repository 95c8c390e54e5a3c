/** What the elements adopt. Colours and sizes are in tokens.css. */
import { base } from "./base";
import { buttons } from "./buttons";
import { fields } from "./fields";
import { surfaces } from "./surfaces";

export { base, buttons, fields, surfaces };

/** For almost everything. */
export const shared = [base, buttons, fields, surfaces];

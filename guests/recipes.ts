import { asmRecipes } from './asm/recipes.js';
import type { GuestRecipe } from './guest-recipe.js';
import { linuxRecipe } from './linux/recipe.js';
import { tinyRecipe } from './tiny/recipe.js';

export const recipes: readonly GuestRecipe[] = [linuxRecipe, tinyRecipe, ...asmRecipes];

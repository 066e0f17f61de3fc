"""One module a tab: reads inputs, calls one function below, hands the result to a component."""

document.title = import.meta.env.VITE_NAME
